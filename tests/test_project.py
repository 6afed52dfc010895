"""The project's own files say the same things in every place where they say them."""

import configparser
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_oldest_environment_pins_every_lower_bound():
    extras = PROJECT["optional-dependencies"]
    bounds = dict(r.split(">=") for r in [*PROJECT["dependencies"], *extras["conformance"]])
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    pins = dict(r.split("==") for r in tox["testenv:oldest"]["deps"].split())
    assert {name: pins.get(name) for name in bounds} == {
        name: bound if bound.count(".") == 2 else f"{bound}.0" for name, bound in bounds.items()
    }


def test_numpy_alone_is_required():
    assert [r.split(">=")[0] for r in PROJECT["dependencies"]] == ["numpy"]


def test_ci_runs_the_readmes_test_command():
    readme = (ROOT / "README.md").read_text()
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[1].endswith("tox run")
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_version_has_its_changelog_entry():
    import reference

    assert f"## {reference.__version__} " in (ROOT / "CHANGELOG.md").read_text()
