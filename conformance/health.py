"""What ``backprop doctor`` finds: versions, matrix kernels, threads, devices, precision."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import final

from .kernels import VARIABLE, best_kernels, processor_flags

PACKAGES = ("numpy", "scipy", "jax", "jaxlib", "hypothesis", "scikit-learn", "matplotlib", "torch")


@final
@dataclass(frozen=True)
class Checkup:
    """found: what there is, by name. advice: what to change, a sentence each, best none."""

    found: dict[str, str]
    advice: tuple[str, ...]


def examine() -> Checkup:
    """Look at the packages, at the BLAS that NumPy has loaded and at JAX's devices."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    from threadpoolctl import threadpool_info

    import oracle  # sets the precision  # noqa: F401

    found = {"python": f"{platform.python_version()} on {platform.platform()}"}
    found |= {name: _version(name) for name in PACKAGES}
    found["processors"] = str(os.cpu_count())
    advice = []
    np.ones((2, 2)) @ np.ones((2, 2))
    for library in threadpool_info():
        if library["user_api"] == "blas" and "numpy" in library["filepath"]:
            kernels = library.get("architecture", "unknown")
            threads, name = library["num_threads"], library["internal_api"]
            found["BLAS"] = f"{name} {library['version']}, kernels {kernels}, {threads} threads"
            advice += blas_advice(name, kernels, threads, processor_flags(), os.cpu_count() or 1)
    found.setdefault("BLAS", "unknown: no library that threadpoolctl knows")
    found["JAX devices"] = ", ".join(str(device) for device in jax.devices())
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
    wide = ("SkylakeX", "Cooperlake", "SapphireRapids", "Zen4", "Zen5")
    if name == "openblas" and best is not None and kernels not in wide:
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
