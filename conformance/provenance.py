"""Where a report comes from: versions, platform, and a fingerprint of the source."""

from __future__ import annotations

import hashlib
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import conformance
import oracle
import reference

from .health import loaded_blas
from .record import Provenance

PACKAGES = ("numpy", "scipy", "jax", "jaxlib", "hypothesis", "scikit-learn")


def provenance(command: str, seed: int, profile: str, examples: int) -> Provenance:
    """The provenance of a campaign that starts now."""
    return Provenance(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        seed=seed,
        profile=profile,
        examples=examples,
        platform=platform.platform(),
        versions={
            "backprop-conformance": reference.__version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        },
        source=source_hash(),
        blas="; ".join(f"{name}: {loaded_blas(name) or 'unknown'}" for name in ("numpy", "scipy")),
    )


def source_hash() -> str:
    """SHA-256 over the names and contents of the three rooms' Python files, in a fixed order."""
    digest = hashlib.sha256()
    for room in (reference, oracle, conformance):
        folder = Path(str(room.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{room.__name__}/{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def typed_command() -> str:
    """The command line as typed, without the path of the program."""
    return " ".join(["backprop", *sys.argv[1:]])
