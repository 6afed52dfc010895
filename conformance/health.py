"""What ``backprop doctor`` finds: versions, matrix kernels, threads, devices, precision."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import final

from . import compiled
from .kernels import VARIABLE, WIDE, best_kernels, processor_flags

PACKAGES = ("numpy", "scipy", "jax", "jaxlib", "hypothesis", "scikit-learn", "matplotlib", "torch")


@final
@dataclass(frozen=True)
class Checkup:
    """found: what there is, by name. advice: what to change, a sentence each, best none."""

    found: dict[str, str]
    advice: tuple[str, ...]


@final
@dataclass(frozen=True)
class Blas:
    """The library of a package's matrix products, as it has been loaded."""

    name: str
    version: str
    kernels: str
    threads: int

    def __str__(self) -> str:
        threads = f"{self.threads} {'thread' if self.threads == 1 else 'threads'}"
        return f"{self.name} {self.version}, kernels {self.kernels}, {threads}"


def loaded_blas(package: str = "numpy") -> Blas | None:
    """The BLAS that a package brings, None for one that threadpoolctl does not know.

    NumPy multiplies by its own, and so does SciPy: the trainer's products are SciPy's.
    """
    import numpy as np
    import scipy.linalg.blas
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))  # loads it
    scipy.linalg.blas.dgemm(1, np.eye(2), np.eye(2))
    for library in threadpool_info():
        if library["user_api"] == "blas" and _owner(Path(library["filepath"])) == package:
            return Blas(
                name=library["internal_api"],
                version=str(library["version"]),
                kernels=library.get("architecture", "unknown"),
                threads=library["num_threads"],
            )
    return None


def _owner(library: Path) -> str:
    """The package that brings a library, in a folder like numpy.libs or numpy/.dylibs."""
    folder = library.parent
    return folder.parent.name if folder.name == ".dylibs" else folder.name.removesuffix(".libs")


def examine() -> Checkup:
    """Look at the packages, at the BLAS of NumPy and of SciPy, and at JAX's devices."""
    import jax
    import jax.numpy as jnp

    import oracle  # sets the precision  # noqa: F401

    found = {"python": f"{platform.python_version()} on {platform.platform()}"}
    found |= {name: _version(name) for name in PACKAGES}
    found["processors"] = str(os.cpu_count())
    advice: list[str] = []
    for package in ("numpy", "scipy"):
        blas = loaded_blas(package)
        name = f"BLAS of {package}"
        found[name] = str(blas) if blas else "unknown: no library that threadpoolctl knows"
        if blas is not None:
            heard = blas_advice(
                blas.name, blas.kernels, blas.threads, processor_flags(), os.cpu_count() or 1
            )
            advice += [line for line in heard if line not in advice]
    found[VARIABLE] = os.environ.get(VARIABLE, "not set")
    found["JAX devices"] = ", ".join(str(device) for device in jax.devices())
    found["JAX cache"] = os.environ.get(compiled.VARIABLE, "none")
    found["JAX precision"] = str(jnp.zeros(1).dtype)
    if found["JAX precision"] != "float64":
        advice.append("JAX computes in float32: set JAX_ENABLE_X64=1, or import oracle before.")
    return Checkup(found, tuple(advice))


def blas_advice(
    name: str, kernels: str, threads: int, flags: frozenset[str], processors: int
) -> list[str]:
    """What to change about a BLAS with these kernels and threads on this processor."""
    advice = []
    best = best_kernels(flags)
    if name == "openblas" and best is not None and kernels not in WIDE:
        advice.append(
            f"OpenBLAS takes its {kernels} kernels, though the processor has AVX-512: set "
            f"{VARIABLE}={best} before Python starts. The command backprop does so by itself."
        )
    if threads < processors:
        advice.append(
            f"the BLAS uses {threads} of {processors} processors: see OPENBLAS_NUM_THREADS, "
            "MKL_NUM_THREADS and OMP_NUM_THREADS."
        )
    return advice


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
