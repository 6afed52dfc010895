"""Which kernels there are, which are asked for, and what ``backprop doctor`` says of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import kernels
from conformance.health import _owner, blas_advice
from conformance.kernels import AVX512, best_kernels, choose_kernels, processor_flags

OLD = frozenset({"avx2", "fma"})


def backprop(*arguments, **environment):
    command = [sys.executable, "-m", "conformance", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=env)


def test_the_flags_of_the_first_processor_are_read(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu avx2\nflags\t\t: sse\n")
    assert processor_flags(tmp_path / "cpuinfo") == {"fpu", "avx2"}
    assert processor_flags(tmp_path / "none") == frozenset()


def test_better_kernels_are_known_where_the_processor_has_them():
    assert best_kernels(AVX512 | OLD) == "SkylakeX"
    assert best_kernels(OLD) is None


@pytest.mark.parametrize(
    ("flags", "given", "loaded", "expected"),
    [
        (AVX512, None, False, "SkylakeX"),
        (OLD, None, False, None),
        (AVX512, "Haswell", False, "Haswell"),
        (AVX512, None, True, None),
    ],
)
def test_the_users_choice_and_an_imported_numpy_are_left_alone(
    monkeypatch, flags, given, loaded, expected
):
    monkeypatch.delenv(kernels.VARIABLE, raising=False)
    if given is not None:
        monkeypatch.setenv(kernels.VARIABLE, given)
    monkeypatch.setattr(kernels, "processor_flags", lambda: flags)
    monkeypatch.setattr(kernels.sys, "modules", {"numpy": None} if loaded else {})
    choose_kernels()
    assert os.environ.get(kernels.VARIABLE) == expected


def test_lesser_kernels_and_idle_processors_are_named():
    assert blas_advice("openblas", "SkylakeX", 2, AVX512, 2) == []
    assert blas_advice("openblas", "Haswell", 2, OLD, 2) == []
    assert blas_advice("mkl", "unknown", 2, AVX512, 2) == []
    (kernel,) = blas_advice("openblas", "Haswell", 2, AVX512, 2)
    assert "set OPENBLAS_CORETYPE=SkylakeX before Python starts" in kernel
    (threads,) = blas_advice("openblas", "SkylakeX", 1, AVX512, 2)
    assert threads.startswith("the BLAS uses 1 of 2 processors")


def test_the_doctor_says_what_there_is_and_its_status_whether_that_is_well():
    result = backprop("doctor", "--json")
    document = json.loads(result.stdout)
    assert result.returncode == bool(document["advice"])
    assert document["found"]["JAX precision"] == "float64"
    assert {"python", "numpy", "jax", "BLAS of numpy", "BLAS of scipy", "JAX devices"} <= set(
        document["found"]
    )
    lines = [line.split() for line in backprop("doctor").stdout.splitlines()]
    assert ["numpy", document["found"]["numpy"]] in lines


@pytest.mark.parametrize(
    ("library", "owner"),
    [
        ("/scipy/site-packages/numpy.libs/libscipy_openblas64_.so", "numpy"),
        ("/x/site-packages/scipy.libs/libscipy_openblas.so", "scipy"),
        ("/x/site-packages/scipy/.dylibs/libopenblas.dylib", "scipy"),
        ("/usr/lib/libopenblas.so", "lib"),
    ],
)
def test_a_blas_belongs_to_the_package_whose_folder_it_lies_in(library, owner):
    assert _owner(Path(library)) == owner
