"""Does every mutant that survived have its explanation? Run it after ``mutmut run``.

Prints the score, the survivors that ``equivalent.md`` does not explain, and the explanations that
no survivor needs any more. Exit status 0 where there is neither, else 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

Change = tuple[str, str]  # what a mutation removes, and what it puts in its place


def change(diff: str) -> Change:
    """The - lines and the + lines of a diff, without indentation."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    removed, added = ([line[1:].strip() for line in lines if line.startswith(s)] for s in "-+")
    return " ".join(removed), " ".join(added)


def explained() -> set[Change]:
    """The changes that equivalent.md lists: paragraphs of its diff blocks."""
    text = (Path(__file__).parent / "equivalent.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```diff\n(.*?)```", text, re.DOTALL)
    return {change(paragraph) for block in blocks for paragraph in block.split("\n\n")}


def mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> int:
    """Compare the survivors with the list."""
    results = [line.strip().split(": ") for line in mutmut("results", "--all", "true").splitlines()]
    survived = {
        name: change(mutmut("show", name)) for name, status in results if status != "killed"
    }
    killed = len(results) - len(survived)
    print(f"{killed} of {len(results)} mutants killed: {killed / len(results):.1%}")

    known = explained()
    unexplained = {name: c for name, c in survived.items() if c not in known}
    stale = known - set(survived.values())
    for name, (line, mutated) in unexplained.items():
        print(f"not explained: {name}\n    - {line}\n    + {mutated}")
    for line, mutated in stale:
        print(f"explained, but no survivor:\n    - {line}\n    + {mutated}")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
