"""``backprop report``: what it writes, what it says, and its exit status."""

import json
from functools import partial

import pytest
from click.testing import CliRunner

import conformance.properties
import reference as ref
from conformance.commands import main
from conformance.properties import PROPERTIES

FEW = tuple(p for p in PROPERTIES if p.id in {"jacobian.Tanh", "vjp.Tanh", "poll.3"})


@pytest.fixture
def few(monkeypatch):
    """Three properties in place of all, and a short training run."""
    import conformance.training.run as training

    short = training.training_run
    monkeypatch.setattr(conformance.properties, "PROPERTIES", FEW)
    monkeypatch.setattr(
        training, "training_run", lambda task, seed: short(task, epochs=2, seed=seed)
    )


@pytest.fixture
def small(monkeypatch):
    """A function that puts few entries in place of the collection, judged in this process."""
    import conformance.scoring.score as scoring

    whole = scoring.score
    by_id = {entry.id: entry for entry in scoring.COLLECTION}

    def shrink(planted, correct):
        entries = {"planted": [by_id[planted]], "correct": [by_id[correct]], "network": []}
        monkeypatch.setattr(scoring, "score", partial(whole, workers=1, **entries))

    return shrink


def report(*arguments, score=0):
    """The command in this process, where bugs are planted; a score takes minutes, so none."""
    arguments = ["report", "--workers", 1, "--score-examples", score, *arguments]
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def facts(path):
    """What must be the same for the same seed: all but times and provenance."""
    records = json.loads(path.read_text())["properties"]
    return [{k: v for k, v in record.items() if k != "seconds"} for record in records]


@pytest.mark.usefixtures("few")
def test_the_same_seed_gives_the_same_report_and_another_seed_other_cases(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        result = report("--examples", 10, "--seed", seed, "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
        assert "Conforms: 3 of 3 properties" in result.output
    a, b, c = (facts(tmp_path / name / "conformance.json") for name in "abc")
    assert a == b != c
    files = {"conformance.json", "conformance.md", "conformance.html", "junit.xml"}
    assert {path.name for path in (tmp_path / "a").iterdir()} == files


@pytest.mark.usefixtures("few")
def test_a_planted_sign_is_reported_with_its_counterexample_and_exit_status_1(
    tmp_path, monkeypatch
):
    right = ref.Tanh.derivative
    monkeypatch.setattr(ref.Tanh, "derivative", lambda self, z, y: -right(self, z, y))
    result = report("--examples", 30, "--out", tmp_path)
    assert result.exit_code == 1
    assert "disagrees: jacobian.Tanh: jacobian" in result.output
    assert "activation = Tanh()\nz = array([0.])" in result.output
    by_id = {r["id"]: r for r in facts(tmp_path / "conformance.json")}
    assert by_id["jacobian.Tanh"]["verdict"] == "disagrees"
    assert by_id["poll.3"]["verdict"] == "conforms"


@pytest.mark.usefixtures("few")
def test_a_report_has_the_score_of_the_harness(tmp_path, small):
    small(planted="sigmoid.z-for-y", correct="sigmoid.from-y")
    result = report("--examples", 10, "--out", tmp_path, score=20)
    assert result.exit_code == 0, result.output
    assert "1 of 1 planted bug caught, 0 of 1 correct ones accused" in result.output
    score = json.loads((tmp_path / "conformance.json").read_text())["score"]
    assert (score["examples"], score["caught"], score["accused"]) == (20, 1, [])


def test_a_missed_bug_and_an_accused_activation_fail_the_report(tmp_path, small):
    small(planted="sigmoid.from-y", correct="sigmoid.z-for-y")
    result = report("--only", "score.*", "--out", tmp_path, score=20)
    assert result.exit_code == 1
    assert "disagrees: score.collection: planted, but missed: sigmoid.from-y" in result.output
    assert "correct, but accused: sigmoid.z-for-y" in result.output
    assert "Does not conform: the score fails, with seed 0; 0 of 1 planted bug" in result.output


@pytest.mark.usefixtures("few")
def test_a_score_of_no_examples_is_left_out(tmp_path):
    assert report("--examples", 10, "--out", tmp_path).exit_code == 0
    assert json.loads((tmp_path / "conformance.json").read_text())["score"] is None
    assert report("--only", "score.collection", "--out", tmp_path).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--examples", "0"], "0 is not in the range"),
        (["--examples", "many"], "'many' is not a valid integer"),
        (["--seed", "-1"], "-1 is not in the range"),
        (["--score-examples", "-1"], "-1 is not in the range"),
        (["--no-such-flag"], "No such option"),
        (["surplus"], "unexpected extra argument"),
    ],
)
def test_misuse_is_a_message_and_exit_status_2(arguments, message, tmp_path):
    result = report(*arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("few")
def test_a_folder_that_cannot_be_made_is_a_message_before_the_work(tmp_path):
    (tmp_path / "file").write_text("kept")
    result = report("--out", tmp_path / "file" / "below")
    assert result.exit_code == 2
    assert "Not a directory" in result.output
    assert report("--out", tmp_path / "file").exit_code == 2
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_that_takes_no_files_is_a_message_before_the_work():
    result = report("--out", "/proc")
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_without_the_extra_the_command_says_what_to_install(monkeypatch, capsys):
    import sys

    from conformance.__main__ import run

    for name in [m for m in sys.modules if m.startswith("conformance.commands")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as status:
        run()
    assert status.value.code == 2
    assert "pip install 'backprop-conformance[conformance]'" in capsys.readouterr().err


def test_an_unknown_command_is_misuse():
    result = CliRunner().invoke(main, ["no-such-command"])
    assert result.exit_code == 2
    assert "No such command" in result.output


def test_help_names_every_subcommand_without_importing_them():
    import subprocess
    import sys

    program = (
        "import sys\nfrom conformance.commands import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'jax', 'numpy', 'hypothesis'} & set(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert "report" in output
    assert "train" in output
    assert output.splitlines()[-1] == "[]"
