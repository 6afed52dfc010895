"""Compiling quickly: what runs a few times on small arrays is not worth XLA's optimisations."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax

# With these a program of a few rows takes a quarter of the time to compile (JAX 0.10), and some
# hundredths of a millisecond longer to run. Sums are not fused with products then, as in NumPy.
QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_cpu_use_fusion_emitters": False,
}


def compiled_quickly(f: Callable[..., Any]) -> Any:
    """`jax.jit` of f, with as few optimisations as this version of JAX lets one ask for."""
    options = {name: value for name, value in QUICK.items() if _takes(name, value)}
    return jax.jit(f, compiler_options=options) if options else jax.jit(f)


@lru_cache
def _takes(name: str, value: int) -> bool:
    """Whether XLA knows the option; its names are no promise, and JAX before 0.4.36 takes none."""
    try:
        jax.jit(lambda z: z, compiler_options={name: value}).lower(0.0).compile()
    except Exception:
        return False
    return True
