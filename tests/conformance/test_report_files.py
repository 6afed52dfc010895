"""Reports that were written: rendered again, compared, and joined."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from conformance.commands import main
from conformance.reports import read, write
from conformance.reports.html import to_html
from conformance.reports.summary import grid
from conformance.reports.text import NOTHING

from .test_reports import BLIND, BROKEN, DIGITS, POLLS, PROVENANCE, SCORED, SOFTMAX, WRONG, Report

HOSTILE = replace(SOFTMAX, id="<script>alert(1)</script>", verdict="disagrees", finding="</td>")
GOOD = Report(PROVENANCE, (SOFTMAX, POLLS), (DIGITS,))


def written(directory, *properties):
    write(Report(PROVENANCE, properties, ()), directory)
    return directory / "conformance.json"


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_page_is_rendered_again_from_the_json_alone(tmp_path):
    write(GOOD, tmp_path)
    page = (tmp_path / "conformance.html").read_text()
    (tmp_path / "conformance.html").unlink()
    result = run("render", tmp_path / "conformance.json")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "conformance.html").read_text() == page
    run("render", tmp_path / "conformance.json", "--out", tmp_path / "other.html")
    assert (tmp_path / "other.html").read_text() == page == to_html(GOOD)


@pytest.mark.parametrize("out", ["conformance.json", ""])
def test_a_page_never_takes_the_place_of_its_json(tmp_path, monkeypatch, out):
    write(GOOD, tmp_path)
    monkeypatch.chdir(tmp_path)
    result = run("render", "conformance.json", "--out", out)
    assert result.exit_code == 2
    assert "must be a page to write" in result.output
    assert read(tmp_path / "conformance.json") == GOOD


def test_a_json_that_contradicts_itself_is_a_message(tmp_path):
    """Heat maps of no columns are within the schema."""
    write(GOOD, tmp_path)
    file = tmp_path / "conformance.json"
    document = json.loads(file.read_text())
    document["heats"] = [{"subject": "Softmax", "z": [], "by_hand": [], "autodiff": []}]
    file.write_text(json.dumps(document))
    result = run("render", file)
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    assert "cannot be shown, it contradicts itself" in result.output


def test_the_matrix_of_a_page_leads_to_the_rows(tmp_path):
    vjp = replace(SOFTMAX, id="vjp.Softmax")
    relu = [replace(SOFTMAX, id="jacobian.ReLU"), WRONG]
    polls = [replace(POLLS, id=f"poll.{i}") for i in (1, 2)]
    page = to_html(read(written(tmp_path, SOFTMAX, vjp, *relu, *polls)))
    kinds, subjects = grid(Report(PROVENANCE, (SOFTMAX, vjp, *relu, *polls), ()))
    assert kinds == ["jacobian", "vjp"]
    assert {name: sorted(records) for name, records in subjects.items()} == {
        "Softmax": ["jacobian", "vjp"], "ReLU": ["jacobian", "vjp"],
    }  # fmt: skip
    for record in (SOFTMAX, vjp, *relu):
        assert page.count(f'href="#row-{record.id}"') == page.count(f'id="row-{record.id}"') == 1
    assert "Matrix" not in to_html(Report(PROVENANCE, (SOFTMAX,), ()))


def test_500_findings_and_a_hostile_name_are_rendered(tmp_path):
    many = [replace(WRONG, id=f"vjp.{i}") for i in range(500)]
    page = to_html(read(written(tmp_path, *many, HOSTILE)))
    assert page.count('class="record disagrees"') == 501
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert len(page) < 2_000_000


@pytest.mark.parametrize(
    ("before", "after", "words", "status"),
    [
        ([SOFTMAX], [SOFTMAX], "no change", 0),
        ([SOFTMAX], [replace(SOFTMAX, verdict="disagrees")], "Newly failing:", 1),
        ([SOFTMAX], [SOFTMAX, WRONG], "vjp.ReLU: not there → ✗ disagrees", 1),
        ([replace(SOFTMAX, verdict="error")], [SOFTMAX], "Fixed:", 0),
        ([WRONG], [replace(WRONG, verdict="error")], "Failing in another way:", 0),
        ([SOFTMAX], [replace(SOFTMAX, verdict="undecided")], "✓ conforms → ? undecided", 1),
        ([SOFTMAX], [SOFTMAX, POLLS], "polls.All: not there → ✓ conforms", 0),
        ([SOFTMAX, POLLS], [SOFTMAX], "Removed:", 0),
    ],
)
def test_a_difference_is_told_by_id(tmp_path, before, after, words, status):
    old, new = written(tmp_path / "old", *before), written(tmp_path / "new", *after)
    result = run("diff", old, new)
    assert result.exit_code == status, result.output
    assert words in result.output
    document = json.loads(run("diff", old, new, "--format", "json").output)
    assert document["regression"] == bool(status)
    assert set(document) - {"regression"} == {
        "newly_failing", "fixed", "flipped", "added", "removed",
    }  # fmt: skip
    text = run("diff", old, new, "--format", "markdown").output
    assert text.startswith("**A regression.**" if status else "**No regression.**")


def test_an_entry_that_a_score_misjudges_no_more_is_fixed(tmp_path):
    files = []
    for name, score in (("blind", BLIND), ("seeing", SCORED.score), ("none", None)):
        write(Report(PROVENANCE, (SOFTMAX,), (), score), tmp_path / name)
        files.append(tmp_path / name / "conformance.json")
    blind, seeing, none = files
    missed = f"score.missed.{BLIND.missed[0]}"
    fixed = json.loads(run("diff", blind, seeing, "--format", "json").output)
    assert missed in [change["id"] for change in fixed["fixed"]]
    assert not fixed["removed"]
    result = run("diff", seeing, blind)
    assert result.exit_code == 1
    assert f"{missed}: ✓ conforms → ✗ disagrees" in result.output
    assert f"{missed}: not there → ✗ disagrees" in run("diff", none, blind).output
    assert "score.collection: not there → ✓ conforms" in run("diff", none, seeing).output
    assert run("diff", blind, none).output == "no change\n"


def test_environments_are_joined(tmp_path):
    right = written(tmp_path / "py311", SOFTMAX, POLLS)
    wrong = written(tmp_path / "py312", SOFTMAX, BROKEN, HOSTILE)
    result = run("matrix", right, wrong, "--out", tmp_path / "matrix")
    assert result.exit_code == 1
    assert "Does not conform: 1 of 2 environments, 4 rows." in result.output
    page = (tmp_path / "matrix" / "matrix.html").read_text()
    assert page.index("py311") < page.index("py312") < page.index("jacobian.Softmax")
    assert page.count('<th scope="row"><code>') == 4
    assert "<script>" not in page
    text = (tmp_path / "matrix" / "matrix.md").read_text()
    assert f"| `network.loop` | {NOTHING} | ! error |" in text
    assert "jacobian.Softmax" not in text  # what conforms everywhere needs no row
    assert run("matrix", right, "--out", tmp_path / "matrix").exit_code == 0


@pytest.mark.parametrize("command", ["render", "diff", "matrix"])
def test_misuse_is_a_message_and_status_2(tmp_path, command):
    (tmp_path / "broken.json").write_text("{")
    paths = [tmp_path / "broken.json"] * (2 if command == "diff" else 1)
    for arguments in (paths, [path.with_name("none.json") for path in paths], []):
        result = run(command, *arguments)
        assert result.exit_code == 2
        assert "Error: " in result.output
        assert "Traceback" not in result.output
