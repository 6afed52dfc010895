"""The four formats of a report: golden facts are parsed back out of each."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from markdown_it import MarkdownIt  # comes with rich

from conformance.record import (
    Curve,
    Diagram,
    GradientCheck,
    Heat,
    PeerRecord,
    PropertyRecord,
    Provenance,
    Report,
    Sample,
    ScoreRecord,
    TrainingRecord,
)
from conformance.reports import answer, read, write
from conformance.reports.html import to_html
from conformance.reports.json_report import SCHEMA, from_json, to_json
from conformance.reports.junit import to_junit
from conformance.reports.markdown import to_markdown
from conformance.reports.summary import milestones, reproduce, worst_check
from conformance.reports.text import ratio, ulps

PROVENANCE = Provenance(
    created="2026-01-05T10:30:00+01:00",
    command="backprop report --examples 50 --seed 3",
    seed=3,
    profile="report",
    examples=50,
    platform="Linux x86_64",
    versions={"python": "3.11.9", "numpy": "2.4.6"},
    source="ab" * 32,
)
SOFTMAX = PropertyRecord(
    id="jacobian.Softmax",
    title="Jacobian = autodiff's",
    subject="Softmax",
    part=7,
    verdict="conforms",
    cases=50,
    live=0.98,
    worst=0.25,
    seconds=1.5,
    notes={"at a kink": 7},
)
POLLS = replace(SOFTMAX, id="polls.All", part=3, live=None, worst=None, notes=None)
WRONG = replace(
    SOFTMAX,
    id="vjp.ReLU",
    verdict="disagrees",
    part=9,
    worst=math.inf,
    finding="dy/dz is NaN\n  by hand   nan\n  autodiff  1.0",
    counterexample="seed = 3\nz = [0.0]  # ```",
)
BROKEN = replace(POLLS, id="network.loop", verdict="error", cases=0, finding="ValueError: no")
UNDECIDED = replace(POLLS, id="paths.Max", verdict="undecided", finding="2 were judged, 18 dropped")
DIGITS = TrainingRecord(
    id="train.digits",
    title="Ten digits",
    verdict="conforms",
    architecture="64 - 32 ReLU - 10 Softmax",
    training_rows=1347,
    held_out_rows=450,
    step_size=0.1,
    batch_size=32,
    seed=3,
    loss=(2.0, 1.0, 0.5),
    accuracy=0.975,
    checks=(GradientCheck(1, 0.25), GradientCheck(40, 0.5)),
    seconds=6.25,
)
STUCK = replace(DIGITS, id="train.two_or_not", verdict="disagrees", finding="step 1 is off")

SCORE = ScoreRecord(
    examples=200,
    planted=328,
    missed=(),
    correct=209,
    accused=(),
    network_planted=54,
    network_missed=(),
    median_seconds=0.5,
    max_seconds=4.0,
    seconds=200.0,
    peers=(
        PeerRecord("torch.autograd.gradcheck", "normal", 0, None, 0, None, "not installed"),
        PeerRecord("jax.test_util.check_vjp", "hard", 328, 300, 209, 80),
    ),
)
BLIND = replace(
    SCORE,
    missed=("relu.two-at-zero", "tanh.of-y"),
    accused=("max.shared",),
    network_missed=("bias.last-row",),
)

PASSING = Report(PROVENANCE, (SOFTMAX, POLLS), (DIGITS,))
FAILING = Report(PROVENANCE, (SOFTMAX, WRONG, BROKEN, POLLS), (DIGITS, STUCK))
UNSURE = Report(PROVENANCE, (SOFTMAX, UNDECIDED), (DIGITS,))
EMPTY = Report(PROVENANCE, (), ())
SCORED = replace(PASSING, score=SCORE)
BLIND_REPORT = replace(PASSING, score=BLIND)

HOSTILE_TEXT = (
    "<script>alert(1)</script> & ]]> | `` ``` \"'\r\n```\r# *b* [x](y) \x00\x1b[31m\ud800 é"
)
HOSTILE = Report(
    replace(
        PROVENANCE,
        command=HOSTILE_TEXT,
        profile=HOSTILE_TEXT,
        platform=HOSTILE_TEXT,
        versions={HOSTILE_TEXT: HOSTILE_TEXT},
    ),
    (
        replace(
            WRONG,
            id=HOSTILE_TEXT,
            title=HOSTILE_TEXT,
            subject=HOSTILE_TEXT,
            finding=HOSTILE_TEXT,
            counterexample=HOSTILE_TEXT,
            notes={HOSTILE_TEXT: 1},
        ),
        replace(BROKEN, finding="- " + " ".join(HOSTILE_TEXT.split())),
    ),
    (replace(STUCK, id=HOSTILE_TEXT, title=HOSTILE_TEXT, architecture=HOSTILE_TEXT),),
    replace(
        BLIND,
        missed=(HOSTILE_TEXT,),
        peers=(PeerRecord(HOSTILE_TEXT, "normal", 0, None, 0, None, HOSTILE_TEXT),),
        errors={HOSTILE_TEXT: HOSTILE_TEXT},
    ),
)
#: What is left of it to be shown: no control character, no surrogate, one kind of line end.
SHOWN = "<script>alert(1)</script> & ]]> | `` ``` \"'\n```\n# *b* [x](y) [31m é"

every_report = pytest.mark.parametrize(
    "report",
    [
        pytest.param(PASSING, id="passing"),
        pytest.param(FAILING, id="failing"),
        pytest.param(UNSURE, id="undecided"),
        pytest.param(EMPTY, id="empty"),
        pytest.param(SCORED, id="scored"),
        pytest.param(BLIND_REPORT, id="blind"),
        pytest.param(HOSTILE, id="hostile"),
    ],
)


#: Elements, attributes and their order, as CI systems expect them.
JUNIT = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))

# The files


@every_report
def test_what_is_written_is_read_back_equal(report: Report, tmp_path: Path) -> None:
    paths = write(report, tmp_path / "new" / "folder")
    names = ["conformance.json", "conformance.md", "junit.xml", "conformance.html"]
    assert [path.name for path in paths] == names
    assert sorted(os.listdir(tmp_path / "new" / "folder")) == sorted(names)
    assert read(paths[0]) == report


def test_a_report_that_the_schema_refuses_overwrites_nothing(tmp_path: Path) -> None:
    paths = write(PASSING, tmp_path)
    before = [path.read_bytes() for path in paths]
    with pytest.raises(ValueError, match=r"^\$\.properties\[0\]\.live: 2\.0 is greater"):
        write(Report(PROVENANCE, (replace(SOFTMAX, live=2.0),), ()), tmp_path)
    assert [path.read_bytes() for path in paths] == before


def test_a_failing_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write(PASSING, tmp_path)[0].read_bytes()

    def full(source: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        write(FAILING, tmp_path)
    assert (tmp_path / "conformance.json").read_bytes() == old
    assert len(os.listdir(tmp_path)) == 4


# The answer


def test_the_answer_counts_what_holds_or_what_fails() -> None:
    assert answer(PASSING) == (
        "Conforms: 2 of 2 properties and 1 of 1 training run, over 100 cases with seed 3."
    )
    assert answer(FAILING) == (
        "Does not conform: 2 of 4 properties and 1 of 2 training runs fail, "
        "over 150 cases with seed 3."
    )
    assert answer(UNSURE) == (
        "Does not conform: 1 of 2 properties fails, over 100 cases with seed 3."
    )
    only_training = Report(PROVENANCE, (SOFTMAX,), (STUCK,))
    assert answer(only_training) == (
        "Does not conform: 1 of 1 training run fails, over 50 cases with seed 3."
    )


def test_the_answer_gives_the_score() -> None:
    assert answer(SCORED) == (
        "Conforms: 2 of 2 properties and 1 of 1 training run, over 100 cases with seed 3; "
        "328 of 328 planted bugs caught, 0 of 209 correct ones accused."
    )
    assert not BLIND_REPORT.conforms
    assert answer(BLIND_REPORT) == (
        "Does not conform: the score fails, over 100 cases with seed 3; "
        "326 of 328 planted bugs caught, 1 of 209 correct ones accused."
    )
    assert answer(replace(FAILING, score=SCORE)) == (
        "Does not conform: 2 of 4 properties and 1 of 2 training runs fail, over 150 cases with "
        "seed 3; 328 of 328 planted bugs caught, 0 of 209 correct ones accused."
    )
    assert answer(replace(EMPTY, score=SCORE)) == (
        "Conforms: 328 of 328 planted bugs caught, 0 of 209 correct ones accused."
    )


def test_a_report_is_repeated_with_its_score() -> None:
    assert reproduce(PASSING) == "backprop report --examples 50 --score-examples 0 --seed 3"
    assert reproduce(SCORED) == "backprop report --examples 50 --score-examples 200 --seed 3"


def test_whatever_is_judged_wrongly_or_not_at_all_fails_the_score() -> None:
    assert SCORE.verdict == "conforms"
    for change in ({"missed": ("a",)}, {"accused": ("a",)}, {"network_missed": ("a",)}):
        assert replace(SCORE, **change).verdict == "disagrees"
    broken = replace(SCORE, missed=("a",), errors={"a": "TypeError: unfit"})
    assert broken.verdict == "error"
    assert broken.finding == "planted, but missed: a\nnot judged: a (TypeError: unfit)"


def test_where_nothing_was_judged_nothing_conforms() -> None:
    assert not EMPTY.conforms
    assert answer(EMPTY) == "Does not conform: nothing was judged."


def test_numbers_never_flatter() -> None:
    assert [ratio(w) for w in (None, 0.9996, 1.0004, 1.25, math.inf)] == [
        "\N{EN DASH}",
        "1",
        "> 1",
        "1.25",
        "inf",
    ]
    assert [ulps(w) for w in (None, 0.5, 0.9996, 1.0004, 1.25, math.inf)] == [
        "\N{EN DASH}",
        "32",
        "64",
        "> 64",
        "80",
        "inf",
    ]
    nowhere = GradientCheck(2, math.nan)
    checks = (GradientCheck(1, 0.5), nowhere, GradientCheck(3, 9.0))
    assert worst_check(replace(DIGITS, checks=checks)) is nowhere
    assert milestones(100) == [1, 2, 5, 10, 20, 50, 100]
    assert (milestones(7), milestones(0)) == ([1, 2, 5, 7], [])


# JSON


@every_report
def test_json_is_strict_and_its_keys_are_sorted(report: Report) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = to_json(report)
    document = json.loads(text, parse_constant=refuse)
    assert list(document) == sorted(document)
    assert text.startswith('{\n  "conforms": ')
    assert ("é" in text) == (report is HOSTILE)


def test_json_answers_before_it_details() -> None:
    document = json.loads(to_json(FAILING))
    assert document["conforms"] is False
    assert document["summary"] == {
        "properties": 4,
        "conforming": 2,
        "disagreeing": 1,
        "undecided": 0,
        "errors": 1,
        "cases": 150,
        "training_runs": 2,
        "training_runs_conforming": 1,
    }


def test_json_counts_what_is_caught() -> None:
    score = json.loads(to_json(BLIND_REPORT))["score"]
    assert (score["planted"], score["caught"]) == (328, 326)
    assert (score["network_planted"], score["network_caught"]) == (54, 53)
    assert score["missed"] == ["relu.two-at-zero", "tanh.of-y"]
    assert json.loads(to_json(PASSING))["score"] is None


def test_a_report_of_version_1_0_is_read_as_one_without_a_score() -> None:
    document = json.loads(to_json(PASSING)) | {"schema_version": "1.0"}
    del document["score"], document["summary"]["undecided"]
    assert from_json(json.dumps(document)) == replace(PASSING, schema_version="1.0")


def test_numbers_that_json_lacks_are_strings() -> None:
    losses = (1.0, math.inf, -math.inf, math.nan)
    report = Report(PROVENANCE, (WRONG,), (replace(DIGITS, loss=losses),))
    document = json.loads(to_json(report))
    assert document["properties"][0]["worst"] == "inf"
    assert document["training"][0]["loss"] == [1.0, "inf", "-inf", "nan"]
    loss = from_json(to_json(report)).training[0].loss
    assert loss[:3] == losses[:3]
    assert math.isnan(loss[3])


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object within the schema."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and node.get("type") == "object":
            yield node
        for child in node.values():
            yield from schemas(child)


#: What reports of earlier versions do not have.
LATER = {"score", "curves", "heats", "diagram", "seen", "samples", "blas", "undecided"}


def test_the_schema_is_closed_and_says_what_each_field_is() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["title"]
    for schema in schemas(SCHEMA):
        assert schema["additionalProperties"] is False
        assert {*schema["required"]} == {*schema["properties"]} - LATER
        for field in schema["properties"].values():
            target = SCHEMA["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
            assert {"title", "description"} <= {*field, *target}, field


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (PropertyRecord, "property"),
        (TrainingRecord, "training_run"),
        (GradientCheck, "gradient_check"),
        (Provenance, "provenance"),
        (ScoreRecord, "score"),
        (PeerRecord, "peer"),
        (Curve, "curve"),
        (Heat, "heat"),
        (Sample, "sample"),
        (Diagram, "diagram"),
    ],
)
def test_the_schema_has_the_fields_of_the_records(record: type, name: str) -> None:
    counts = {"caught", "network_caught"} if record is ScoreRecord else set()
    names = {f.name for f in fields(record)} | counts
    assert set(SCHEMA["$defs"][name]["properties"]) == names


def change(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the document's value at ``path``."""

    def apply(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return apply


@pytest.mark.parametrize(
    ("breaking", "message"),
    [
        (change("schema_version", to="2.0"), r"schema_version must be 1\.x, got 2\.0"),
        (change("schema_version", to="1.x"), r"\$\.schema_version: '1\.x' does not match"),
        (change("schema_version", to=None), r"\$\.schema_version: None is not of type 'string'"),
        (change("extra", to=1), r"\$: Additional properties .*'extra' was unexpected"),
        (change("properties", 1, "verdict", to="maybe"), r"\$\.properties\[1\]\.verdict: 'maybe'"),
        (change("properties", 0, "worst", to="Infinity"), r"\$\.properties\[0\]\.worst"),
        (change("properties", 0, "cases", to=-1), r"\$\.properties\[0\]\.cases: -1 is less than"),
        (change("properties", 0, "part", to=16), r"\.part: 16 is greater than the maximum of 15"),
        (change("training", 0, "checks", 0, to={"step": 1}), "'worst' is a required property"),
        (change("provenance", "created", to="today"), r"\.created: 'today' is not a 'date-time'"),
        (change("provenance", "created", to="2026-01-05T10:30:00"), "is not a 'date-time'"),
        (change("conforms", to=True), "conforms must follow from the records: False, got True"),
        (change("summary", "cases", to=1), "summary must follow from the records"),
        (change("properties", 1, "id", to="jacobian.Softmax"), "jacobian.Softmax twice"),
        (
            change("score", "caught", to=328),
            r"score\.caught must follow from the ids: 326, got 328",
        ),
        (change("score", "missed", to=["a", "a"]), r"\$\.score\.missed: .* non-unique"),
        (change("score", "peers", 1, "inputs", to="odd"), r"\$\.score\.peers\[1\]\.inputs: 'odd'"),
    ],
)
def test_a_broken_file_is_refused_with_a_reason(
    breaking: Callable[[dict[str, Any]], None], message: str, tmp_path: Path
) -> None:
    document = json.loads(to_json(replace(FAILING, score=BLIND)))
    breaking(document)
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"broken\.json holds no report: .*{message}"):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", r"\$: \[\] is not of type 'object'"),
        (b'{"conforms": NaN}', "NaN is not a finite number"),
        (b'{"conforms": 1e999}', "1e999 is not a finite number"),
        (b"\xff", "utf-8"),
    ],
)
def test_what_is_not_strict_json_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read(path)


# Markdown


def markdown_tokens(report: Report) -> list[Any]:
    return list(MarkdownIt("commonmark").enable("table").parse(to_markdown(report)))


def markdown_rows(report: Report, columns: int) -> list[list[str]]:
    """The texts in the rows of the tables, all of which have so many columns."""
    tokens = markdown_tokens(report)
    cells = [tokens[k + 1] for k, token in enumerate(tokens) if token.type == "td_open"]
    texts = ["".join(c.content for c in cell.children) for cell in cells]
    return [texts[k : k + columns] for k in range(0, len(texts), columns)]


def one_line(text: str) -> str:
    return " ".join(text.split())


@every_report
def test_markdown_begins_with_the_answer(report: Report) -> None:
    assert to_markdown(report).splitlines()[0] == f"**{answer(report)}**"


@every_report
def test_markdown_has_a_row_per_property_by_part_of_the_lecture(report: Report) -> None:
    rows = markdown_rows(replace(report, score=None), columns=8)
    assert len(rows) == len(report.properties)
    assert [int(row[0]) for row in rows] == sorted(p.part for p in report.properties)
    verdicts = {(p.part, p.verdict) for p in report.properties}
    assert {(int(row[0]), row[-1].split()[-1]) for row in rows} == verdicts


def test_markdown_shows_what_failed_first() -> None:
    headings = [line for line in to_markdown(FAILING).splitlines() if line.startswith("#")]
    assert headings[:5] == [
        "## What failed",
        "### ! error: `network.loop`, Jacobian = autodiff's",
        "### ✗ disagrees: `vjp.ReLU`, Jacobian = autodiff's",
        "### ✗ disagrees: `train.two_or_not`, Ten digits",
        "## Properties",
    ]
    blocks = [token.content for token in markdown_tokens(FAILING) if token.type == "fence"]
    assert blocks == [f"{WRONG.finding}\n", f"{WRONG.counterexample}\n"]
    assert "What failed" not in to_markdown(PASSING)


def test_markdown_shows_hostile_text_as_it_stands() -> None:
    tokens = markdown_tokens(HOSTILE)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"html_block", "html_inline", "link_open", "em_open", "code_block"}
    blocks = [token.content for token in tokens if token.type == "fence"]
    assert blocks[:2] == [f"{SHOWN}\n"] * 2
    assert blocks[2].startswith(f"planted, but missed: {SHOWN}\n")
    lines = ["".join(c.content for c in token.children or ()) for token in tokens]
    shown = one_line(SHOWN)
    assert f"✗ disagrees: {shown}, {shown}" in lines
    assert f"Finding: - {shown}" in lines
    assert f"Architecture: {shown}" in lines
    assert f"Planted, but missed: {shown}" in lines
    assert f"{shown}, one normal input: {shown}" in lines
    assert f"Command: {shown}" in lines


def test_a_code_span_in_markdown_holds_backticks() -> None:
    report = Report(replace(PROVENANCE, command="a `b` ``c"), (), ())
    inline = [child for token in markdown_tokens(report) for child in token.children or ()]
    assert "a `b` ``c" in [token.content for token in inline if token.type == "code_inline"]


def test_markdown_fits_in_a_comment_whatever_fails() -> None:
    failed = replace(WRONG, title="t" * 500, finding="f " * 5000, counterexample="z = 1\n" * 5000)
    report = Report(
        PROVENANCE, tuple(replace(failed, id=f"vjp.{k:0100}") for k in range(500)), (STUCK,)
    )
    text = to_markdown(report)
    assert len(text) < 65_536
    assert "And 491 more, in conformance.html." in text
    assert "And 380 more, in conformance.html." in text


DASH = "\N{EN DASH}"
#: By whom, caught / planted, accused / correct, median time.
SCORE_ROWS = [
    ["fuzz, 200 examples an entry", "326 of 328", "1 of 209", "0.50 s"],
    ["the properties of this report, on bugs of whole networks", "53 of 54", DASH, DASH],
    ["torch.autograd.gradcheck, one normal input: not installed", DASH, DASH, DASH],
    ["jax.test_util.check_vjp, harder inputs", "300 of 328", "80 of 209", DASH],
]


def test_markdown_has_the_score_and_the_peers_beside_it() -> None:
    alone = replace(BLIND_REPORT, properties=(), training=())
    assert markdown_rows(alone, columns=4) == SCORE_ROWS
    text = to_markdown(alone)
    assert "- Planted, but missed: relu.two-at-zero, tanh.of-y\n" in text
    assert "- Correct, but accused: max.shared\n" in text
    assert "- Planted in a network, but missed: bias.last-row\n" in text
    assert "Slowest verdict: 4.00 s; all together: 200.00 s." in text
    assert "## What failed\n\n### ✗ disagrees: `score.collection`" in text
    assert "missed" not in to_markdown(SCORED)
    assert "## Score" not in to_markdown(PASSING)


# JUnit XML


@every_report
def test_junit_counts_what_it_holds(report: Report) -> None:
    root = ElementTree.fromstring(to_junit(report))
    (suite,) = root.findall("testsuite")
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.attrib["tests"]) == len(report.records)
    assert len(suite.findall("testcase/failure")) == int(suite.attrib["failures"])
    assert len(suite.findall("testcase/error")) == int(suite.attrib["errors"])
    for case, record in zip(cases, report.records, strict=True):
        outcomes = {"disagrees": ["failure"], "undecided": ["error"], "error": ["error"]}
        assert [child.tag for child in case] == outcomes.get(record.verdict, [])
        assert [child.attrib["type"] for child in case] == [record.verdict] * len(list(case))
        assert float(case.attrib["time"]) == pytest.approx(record.seconds, abs=1e-3)


@every_report
def test_junit_keeps_to_its_schema(report: Report) -> None:
    JUNIT.validate(to_junit(report))


def test_the_schema_of_junit_refuses_what_is_none() -> None:
    good = to_junit(FAILING)
    for part, other in (
        ('tests="6"', 'tests="six"'),
        ("<testcase", "<case"),
        (' classname="conformance.part09"', ""),
        ('time="18.500"', 'time="1e3"'),
        ("T09:30:00", "T09:30:00Z"),
    ):
        assert part in good
        with pytest.raises((xmlschema.XMLSchemaException, ElementTree.ParseError)):
            JUNIT.validate(good.replace(part, other))


def test_junit_is_what_ant_and_jenkins_take() -> None:
    root = ElementTree.fromstring(to_junit(FAILING))
    suite = root[0]
    assert root.attrib == {}
    assert suite.attrib == {
        "name": "backprop conformance",
        "package": "conformance",
        "id": "0",
        "hostname": "localhost",
        "timestamp": "2026-01-05T09:30:00",
        "tests": "6",
        "failures": "2",
        "errors": "1",
        "skipped": "0",
        "time": "18.500",
    }
    tags = [child.tag for child in suite]
    assert tags == ["properties", *["testcase"] * 6, "system-out", "system-err"]
    properties = {p.attrib["name"]: p.attrib["value"] for p in suite.iter("property")}
    assert properties["seed"] == "3"
    assert properties["version.numpy"] == "2.4.6"
    wrong = suite.findall("testcase")[1]
    assert (wrong.attrib["classname"], wrong.attrib["name"]) == ("conformance.part09", "vjp.ReLU")
    assert wrong[0].attrib == {"type": "disagrees", "message": "dy/dz is NaN"}
    assert wrong[0].text is not None
    assert wrong[0].text.endswith(f"Counterexample:\n{WRONG.counterexample}")


def test_junit_has_a_test_case_for_the_score() -> None:
    for report, outcomes in ((SCORED, []), (BLIND_REPORT, ["failure"])):
        case = ElementTree.fromstring(to_junit(report)).findall("testsuite/testcase")[-1]
        name = f"{case.attrib['classname']}.{case.attrib['name']}"
        assert name == "conformance.score.score.collection"
        assert [child.tag for child in case] == outcomes
    assert case[0].attrib["message"] == "planted, but missed: relu.two-at-zero, tanh.of-y"


def test_junit_holds_hostile_text_as_text() -> None:
    root = ElementTree.fromstring(to_junit(HOSTILE))
    assert root.find(".//script") is None
    assert [case.attrib["name"] for case in root.iter("testcase")] == [
        SHOWN,
        "network.loop",
        SHOWN,
        "score.collection",
    ]


# HTML


class Page(HTMLParser):
    """What a browser would see: elements in order, each with its text; raises on imbalance."""

    VOID = frozenset({"meta", "link", "input", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in self.VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.elements[self.open.pop()][0]

    def handle_data(self, data: str) -> None:
        for k in self.open:
            self.elements[k][2].append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        """The text in each element of this tag and these attributes."""
        return [
            "".join(text)
            for name, attrs, text in self.elements
            if name == tag and attributes.items() <= attrs.items()
        ]


@every_report
def test_html_is_balanced_self_contained_and_without_script(report: Report) -> None:
    page = Page(to_html(report))
    tags = {tag for tag, _, _ in page.elements}
    assert not tags & {"script", "iframe", "img", "object", "form"}
    for _, attributes, _ in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert all(len(name.split()) == 1 for name in ids if name is not None)
    links = [a["href"] for tag, a, _ in page.elements if tag == "a"]
    assert {link.removeprefix("#") for link in links if link is not None} <= set(ids)
    assert "@import" not in to_html(report)
    assert "url(" not in to_html(report)


@every_report
def test_html_answers_and_lists_every_property(report: Report) -> None:
    page = Page(to_html(report))
    (title,) = page.texts("title")[:1]
    assert title.startswith("Conforms" if report.conforms else "Does not conform")
    answers = [
        one_line("".join(text))
        for tag, attrs, text in page.elements
        if tag == "p" and (attrs.get("class") or "").startswith("answer ")
    ]
    assert answers == [f"{'✓' if report.conforms else '✗'} {answer(report)}"]
    outcomes = [text.split() for text in page.texts("td", **{"class": "outcome"})]
    marks = {"conforms": "✓", "disagrees": "✗", "undecided": "?", "error": "!"}
    by_part = sorted(report.properties, key=lambda p: p.part)
    assert outcomes == [[marks[p.verdict], p.verdict] for p in by_part]
    rows = page.texts("th", scope="row")[: len(by_part)]
    assert [one_line(row) for row in rows] == [
        one_line(SHOWN if p.id == HOSTILE_TEXT else p.id) for p in by_part
    ]


def test_html_shows_what_failed_before_the_table() -> None:
    text = to_html(FAILING)
    assert Page(text).texts("h2") == ["What failed", "Properties", "Training", "Provenance"]
    assert Page(text).texts("pre")[:2] == [WRONG.finding, WRONG.counterexample]
    assert Page(to_html(PASSING)).texts("h2") == ["Properties", "Training", "Provenance"]


def test_html_draws_the_loss_and_gives_it_in_numbers() -> None:
    page = Page(to_html(PASSING))
    lines = [attributes for tag, attributes, _ in page.elements if tag == "polyline"]
    assert lines == [{"points": "0.00,0.00 50.00,50.00 100.00,75.00"}]
    assert "Loss of Ten digits: 2 after epoch 1, 0.5 after epoch 3" in page.texts("title")
    assert any("Loss" in text and "0.5" in text for text in page.texts("tr"))
    odd = replace(DIGITS, loss=(1.0, math.nan, math.inf))
    assert "<polyline" not in to_html(Report(PROVENANCE, (), (odd,)))


def test_html_has_the_score_and_the_peers_beside_it() -> None:
    page = Page(to_html(replace(BLIND_REPORT, properties=(), training=())))
    assert page.texts("h2") == ["What failed", "Score", "Provenance"]
    cells = page.texts("td", **{"class": "number"})
    rows = [[by, *cells[3 * k : 3 * k + 3]] for k, by in enumerate(page.texts("th", scope="row"))]
    assert rows == SCORE_ROWS
    labels = page.texts("p", **{"class": "label"})
    assert [text for text in labels if "but" in text] == [
        "Planted, but missed",
        "Correct, but accused",
        "Planted in a network, but missed",
    ]
    assert "relu.two-at-zero, tanh.of-y" in page.texts("p")
    assert "Score" not in Page(to_html(PASSING)).texts("h2")


def test_html_shows_hostile_text_as_it_stands() -> None:
    page = Page(to_html(HOSTILE))
    assert page.texts("pre")[:2] == [SHOWN, SHOWN]
    assert page.texts("h3") == [BROKEN.id, SHOWN, SHOWN, BLIND.id, SHOWN]
    assert SHOWN in page.texts("code")
