"""The pytest plugin, in sessions inside this session."""

import json
import subprocess
import sys
import textwrap

import jax  # once: not anew in every session inside
import pytest

import conformance.fuzzing
from conformance.verdict_log import LISTENERS, listening

SUBJECTS = """
import jax.numpy as jnp
import numpy as np
import pytest
from conformance import NonConformance, assert_conforms
from reference import Sigmoid, Tanh

class Halved(Tanh):
    def derivative(self, z, y):
        return super().derivative(z, y) / 2

def judge(target, name=None):
    return assert_conforms(target, jnp.tanh, max_examples=30, name=name)
"""
HALVED = """
def test_halved():
    assert_conforms(Halved(), jnp.tanh, max_examples=30)
"""
TANH = """
def test_tanh():
    judge(Tanh())
"""
GONE = "Gone: was renamed"
NEVER = "conformance_expected_failures: 'Gone' was never judged, correct or remove it"
PASS = "def test_pass():\n    pass\n"


@pytest.fixture
def session(pytester):
    """Run pytest on one module with these subjects; ``expected`` lines go to the ini file."""

    def run(body, *arguments, expected=(), inside=True):
        lines = "\n".join(f"    {line}" for line in expected)
        pytester.makeini(f"[pytest]\nconformance_expected_failures =\n{lines}\n")
        pytester.makepyfile(test_x=body)
        runner = pytester.runpytest_inprocess if inside else pytester.runpytest_subprocess
        return runner(*arguments)

    return run


def said(result):
    """What the plugin prints of its own."""
    return [line for line in result.outlines if line.startswith("conformance")]


def line(pytester, code):
    """Where the code stands in the module, as the plugin says it."""
    lines = (pytester.path / "test_x.py").read_text().splitlines()
    return f"test_x.py:{next(i for i, text in enumerate(lines, 1) if code in text)}"


def python(program, *arguments, cwd):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# A failure


def test_a_failure_shows_the_verdict_alone_and_the_line_that_asked(session, pytester):
    result = session(SUBJECTS + HALVED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    start = next(i for i, line in enumerate(result.outlines) if "_ test_halved _" in line)
    end = next(i for i, line in enumerate(result.outlines) if "short test summary" in line)
    shown = result.outlines[start + 1 : end]
    assert shown[0] == "disagrees: Halved: the hand-written derivative is wrong"
    assert shown[-2:] == [line(pytester, "assert_conforms(Halved"), "conformance: 1 disagrees"]
    smallest = shown.index("  smallest case")
    assert shown[smallest + 1].startswith("    z = array([")
    reproducer = shown.index("  to see it")
    assert "    got = f.derivative(z, y)" in shown[reproducer:]
    text = "\n".join(result.outlines[start:])
    assert not any(word in text.lower() for word in ("hypothesis", "traceback", "fuzz.py", "> "))
    assert "FAILED test_x.py::test_halved - AssertionError: disagrees: Halved" in text


def test_a_note_on_the_error_is_kept(session, pytester):
    result = session(
        SUBJECTS
        + """
def test_noted():
    try:
        judge(Halved())
    except NonConformance as error:
        error.add_note("of the third layer")
        raise
"""
    )
    place = line(pytester, "return assert_conforms")
    result.stdout.fnmatch_lines(["  judged  *", "of the third layer", "", place])


def test_the_full_trace_is_there_for_who_asks(session):
    result = session(SUBJECTS + HALVED, "--full-trace")
    result.stdout.fnmatch_lines(["*def assert_conforms(*", "E *NonConformance: disagrees: Halved*"])


def test_a_fixture_that_does_not_conform_is_an_error_of_every_test_that_needs_it(session, pytester):
    fixture = """
@pytest.fixture(scope="module")
def halved():
    judge(Halved())

def test_one(halved):
    pass

def test_two(halved):
    pass
"""
    result = session(SUBJECTS + fixture)
    result.assert_outcomes(errors=2)
    assert result.outlines.count(line(pytester, "return assert_conforms")) == 2
    assert not result.stdout.str().count("> ")
    assert said(result) == ["conformance: 1 disagrees"]


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="before pytest 9")
def test_a_failure_in_a_subtest(session, pytester):
    body = """
def test_all(subtests):
    for target in (Halved(), Tanh(), Halved()):
        with subtests.test(msg=repr(target)):
            judge(target)
"""
    result = session(SUBJECTS + body)
    assert result.outlines.count(line(pytester, "return assert_conforms")) == 2
    assert said(result) == ["conformance: 1 conforms, 2 disagree"]


def test_without_the_plugins_of_hypothesis_and_of_this(session, pytester):
    alone = session(SUBJECTS + HALVED, "-p", "no:hypothesispytest")
    assert said(alone) == ["conformance: 1 disagrees"]
    assert line(pytester, "assert_conforms(Halved") in alone.outlines
    bare = session(SUBJECTS + HALVED, "-p", "no:backprop-conformance", inside=False)
    assert bare.ret == pytest.ExitCode.TESTS_FAILED
    bare.stdout.fnmatch_lines(["E * disagrees: Halved: *"])


# The document


def test_the_verdicts_are_written_as_one_document(session, pytester):
    body = (
        SUBJECTS + HALVED + TANH + "\ndef test_a():\n    judge(Tanh, name='b')\n    judge(Tanh)\n"
    )
    result = session(body, "--conformance-json", "made/here/verdicts.json")
    assert said(result) == ["conformance: 3 conform, 1 disagrees"]
    path = pytester.path / "made" / "here" / "verdicts.json"
    assert list(path.parent.iterdir()) == [path]
    verdicts = json.loads(path.read_text())
    assert [(v["nodeid"], v["id"], v["outcome"]) for v in verdicts] == [
        ("test_x.py::test_a", "b", "conforms"),
        ("test_x.py::test_a", "Tanh", "conforms"),
        ("test_x.py::test_halved", "Halved", "disagrees"),
        ("test_x.py::test_tanh", "Tanh", "conforms"),
    ]
    verdict = conformance.fuzz((jax.numpy.tanh, lambda z: z), jax.numpy.tanh, max_examples=1)
    assert set(verdicts[0]) == {"nodeid", "id", "expected_failure", *verdict.to_dict()}
    assert verdicts[2]["explanation"]["counterexample"].startswith("z = ")


def test_without_a_verdict_the_list_is_empty_and_nothing_is_said(session, pytester):
    result = session(PASS, "--conformance-json", "verdicts.json")
    assert said(result) == []
    assert json.loads((pytester.path / "verdicts.json").read_text()) == []
    collected = session(PASS, "--collect-only", "--conformance-json", "not.json")
    assert collected.ret == 0
    assert not (pytester.path / "not.json").exists()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("test_x.py/v.json", "test_x.py/v.json cannot be written: Not a directory"),
        ("test_x.py/a/v.json", "test_x.py/a/v.json cannot be written: Not a directory"),
        (".", ". must be a file, and is none"),
    ],
)
def test_a_path_that_cannot_be_written_is_misuse_before_any_test_runs(session, path, message):
    result = session(PASS, "--conformance-json", path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --conformance-json: {message}"])
    assert "test_x.py" not in result.stdout.str()


def test_a_path_that_cannot_be_written_any_more_is_told(session, pytester):
    body = "import os\ndef test_occupy():\n    os.makedirs('verdicts.json/kept')\n"
    result = session(body, "--conformance-json", "verdicts.json")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stdout.fnmatch_lines(["conformance: *verdicts.json cannot be written: Is a directory"])
    assert not list(pytester.path.glob(".verdicts*"))


def test_the_workers_of_xdist_hand_their_verdicts_over(session, pytester):
    pytest.importorskip("xdist")
    result = session(
        SUBJECTS + HALVED + TANH + "\ndef test_known():\n    judge(Halved(), name='Known')\n",
        *("-n", "2", "--conformance-json", "verdicts.json"),
        expected=["Known: issue 1", "Tanh: was wrong once", GONE],
        inside=False,
    )
    result.assert_outcomes(passed=1, failed=1, xfailed=1)
    assert said(result) == [
        "conformance: 1 conforms, 1 disagrees, 1 expected failure",
        "conformance_expected_failures: 'Tanh' conforms now, remove it",
        NEVER,
    ]
    assert line(pytester, "assert_conforms(Halved") in result.outlines
    verdicts = json.loads((pytester.path / "verdicts.json").read_text())
    assert [v["id"] for v in verdicts] == ["Halved", "Known", "Tanh"]


# Expected failures


def test_an_expected_failure_is_an_xfail_with_its_reason(session, pytester):
    result = session(
        SUBJECTS + HALVED + "\ndef test_other():\n    judge(Halved(), name='mine.py:Other')\n",
        *("-rx", "--conformance-json", "verdicts.json"),
        expected=["Halved: the factor is missing: issue 7", "mine.py:Other: no time yet"],
    )
    assert result.ret == 0
    result.assert_outcomes(xfailed=2)
    result.stdout.fnmatch_lines(
        [
            "XFAIL test_x.py::test_halved - *the factor is missing: issue 7",
            "XFAIL test_x.py::test_other - *no time yet",
        ]
    )
    assert said(result) == ["conformance: 2 expected failures"]
    verdicts = json.loads((pytester.path / "verdicts.json").read_text())
    assert verdicts[1]["expected_failure"] == "no time yet"
    assert not verdicts[1]["conforms"]


def test_with_runxfail_nothing_is_expected(session):
    result = session(SUBJECTS + HALVED, "--runxfail", expected=["Halved: known", GONE])
    result.assert_outcomes(failed=1)
    assert said(result) == ["conformance: 1 disagrees"]


def test_an_expected_failure_that_conforms_is_stale(session):
    mixed = """
@pytest.mark.parametrize("target", [Tanh, Halved, Tanh])
def test_mixed(target):
    judge(target, name="mixed")
"""
    result = session(SUBJECTS + TANH + mixed, expected=["Tanh: old", "mixed: in part"])
    assert result.ret == 0
    assert said(result) == [
        "conformance: 3 conform, 1 expected failure",
        "conformance_expected_failures: 'Tanh' conforms now, remove it",
    ]


@pytest.mark.parametrize("arguments", [(), (".",)])
def test_an_id_that_was_never_judged_is_told_when_the_whole_session_ran(session, arguments):
    assert said(session(PASS, *arguments, expected=[GONE])) == [NEVER]


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        (PASS + "def test_other():\n    pass\n", ("-k", "pass")),
        (PASS + "def test_other():\n    pass\n", ("-k", "pass", "-n", "1")),
        (PASS, ("test_x.py",)),
        (PASS, ("test_x.py::test_pass",)),
        (PASS, ("--ignore", "elsewhere")),
        (PASS, ("--collect-only",)),
        (PASS + "def test_other():\n    assert False\n", ()),
        ("import pytest\n@pytest.mark.skip\n" + PASS, ()),
        ("import pytest\npytest.importorskip('nowhere')\n" + PASS, ()),
        ("import nowhere\n", ("--continue-on-collection-errors",)),
        ("def test_first():\n    assert False\n" + PASS, ("-x",)),
        ("import pytest\ndef test_first():\n    pytest.exit('enough')\n", ()),
    ],
)
def test_nothing_is_said_of_ids_when_some_tests_did_not_run(session, body, arguments):
    if "-n" in arguments:
        pytest.importorskip("xdist")
    assert said(session(body, *arguments, expected=[GONE], inside="-n" not in arguments)) == []


def test_nothing_is_said_of_ids_when_the_session_stops_at_a_failure(session):
    result = session(SUBJECTS + HALVED + PASS, "-x", expected=[GONE])
    assert said(result) == ["conformance: 1 disagrees"]


@pytest.mark.parametrize(
    ("paths", "arguments", "told"),
    [
        ("checks", (), [NEVER]),
        ("checks", (".",), [NEVER]),
        ("checks", ("checks",), [NEVER]),
        ("checks", ("checks/test_x.py",), []),
        ("check*", (), [NEVER]),
    ],
)
def test_the_test_paths_are_the_whole(pytester, paths, arguments, told):
    expected = f"conformance_expected_failures =\n    {GONE}\n"
    pytester.makeini(f"[pytest]\ntestpaths = {paths}\n{expected}")
    (pytester.mkdir("checks") / "test_x.py").write_text(PASS)
    assert said(pytester.runpytest_inprocess(*arguments)) == told


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Halved"], "a line must be 'id: reason', got 'Halved'"),
        (["Halved:"], "a line must be 'id: reason', got 'Halved:'"),
        (["mine.py:Halved"], "a line must be 'id: reason', got 'mine.py:Halved'"),
        ([": reason"], "a line must be 'id: reason', got ': reason'"),
        (["Halved: one", "Halved: two"], "'Halved' must stand there once, got a second line"),
    ],
)
def test_a_malformed_line_is_misuse(session, lines, message):
    result = session(PASS, expected=lines)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: conformance_expected_failures: {message}"])


# In everybody's pytest


def test_the_plugin_imports_nothing_heavy(tmp_path):
    program = """
        import sys
        import conformance.pytest_plugin
        heavy = {"numpy", "jax", "hypothesis", "scipy", "sklearn", "rich", "click", "jinja2"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
    """
    python(program, cwd=tmp_path)


def test_a_session_of_somebody_else_works_without_anything_but_pytest(pytester):
    pytester.makepyfile(
        test_x="""
        import sys

        def test_late():
            absent = (sys.modules.get(name) for name in ("numpy", "jax", "hypothesis"))
            assert not any(absent)
        """
    )
    program = """
        import sys

        class Absent:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("numpy", "jax", "hypothesis"):
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, Absent())
        import pytest
        sys.exit(pytest.main(["-W", "error", "-p", "no:hypothesispytest", *sys.argv[1:]]))
    """
    python(program, "--conformance-json", "verdicts.json", cwd=pytester.path)
    assert json.loads((pytester.path / "verdicts.json").read_text()) == []


@pytest.mark.parametrize(
    ("profile", "max_examples", "derandomized"),
    [("conformance", 100, True), ("conformance-explore", 1000, False)],
)
def test_the_profiles_of_hypothesis(pytester, monkeypatch, profile, max_examples, derandomized):
    monkeypatch.setenv("CI", "true")  # there Hypothesis has defaults of its own
    pytester.makepyfile(
        f"""
        from hypothesis import HealthCheck, settings

        def test_profile():
            assert settings.default.max_examples == {max_examples}
            assert settings.default.derandomize is {derandomized}
            assert (settings.default.database is None) is {derandomized}
            assert settings.default.deadline is None
            assert HealthCheck.too_slow in settings.default.suppress_health_check
        """
    )
    result = pytester.runpytest_subprocess(f"--hypothesis-profile={profile}", "-W", "error")
    result.assert_outcomes(passed=1)


def test_a_profile_of_the_users_own_stays(pytester):
    own = "settings.register_profile('conformance', max_examples=7)\n"
    pytester.makeconftest("from hypothesis import settings\n" + own)
    check = "def test_own():\n    assert settings.default.max_examples == 7\n"
    pytester.makepyfile("from hypothesis import settings\n" + check)
    result = pytester.runpytest_subprocess("--hypothesis-profile=conformance")
    result.assert_outcomes(passed=1)


def test_the_profiles_can_be_loaded_in_a_conftest(pytester):
    pytester.makeconftest(
        """
        from hypothesis import settings
        from conformance.profiles import register_profiles

        register_profiles()
        settings.load_profile("conformance")
        """
    )
    check = "def test_loaded():\n    assert settings.default.derandomize\n"
    pytester.makepyfile("from hypothesis import settings\n" + check)
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


def test_the_innermost_listener_alone_hears():
    def outer(verdict):
        raise AssertionError

    before = LISTENERS[:]
    heard = []
    with listening(outer), listening(heard.append):
        assert [heard.append] == LISTENERS
    assert before == LISTENERS
