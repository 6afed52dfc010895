"""Where XLA's work is kept: in the user's cache, unless a folder is named or none can be made."""

import sys

import pytest

from conformance import compiled
from conformance.compiled import VARIABLE, keep_compiled


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "")  # so that it is put back
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path / "cache" / "xla")
    monkeypatch.setattr(
        sys, "modules", {name: m for name, m in sys.modules.items() if name != "jax"}
    )
    return tmp_path / "cache" / "xla"


def test_it_is_kept_in_a_folder_that_is_made(folder, monkeypatch):
    keep_compiled()
    assert compiled.os.environ[VARIABLE] == str(folder)
    assert folder.is_dir()


def test_the_folder_that_the_user_has_named_is_taken(folder, monkeypatch):
    monkeypatch.setenv(VARIABLE, "mine")
    keep_compiled()
    assert compiled.os.environ[VARIABLE] == "mine"
    assert not folder.exists()


def test_nothing_is_kept_where_no_folder_can_be_made(folder):
    folder.parent.write_text("a file stands in its way")
    keep_compiled()
    assert VARIABLE not in compiled.os.environ


def test_nor_where_jax_has_been_imported(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    keep_compiled()
    assert VARIABLE not in compiled.os.environ


def test_the_folder_is_of_this_program():
    assert "backprop-conformance" in compiled.cache_folder().parts
