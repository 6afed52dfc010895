"""Which matrix kernels OpenBLAS takes, and a better choice where it takes lesser ones.

OpenBLAS picks its kernels from the processor's model. Of a processor that it does not know it may
take those of an older one, half as fast; its environment variable, set before NumPy is imported,
names others. This module must not import NumPy.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "OPENBLAS_CORETYPE"

#: With these instructions the kernels named SkylakeX run.
AVX512 = frozenset({"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"})


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The instruction sets of the processor, empty where the system does not say."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return frozenset()
    flags = (line.partition(":")[2].split() for line in lines if line.startswith("flags"))
    return frozenset(next(flags, []))


def best_kernels(flags: frozenset[str]) -> str | None:
    """The name of kernels that the processor can run and OpenBLAS may miss, None for no advice."""
    return "SkylakeX" if flags >= AVX512 else None


def choose_kernels() -> None:
    """Ask OpenBLAS for the best kernels, unless the user has, or NumPy is there already."""
    best = best_kernels(processor_flags())
    if best is not None and "numpy" not in sys.modules:
        os.environ.setdefault(VARIABLE, best)
