"""The verdict on a hand-written derivative, and how it reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, final

Outcome = Literal["conforms", "disagrees", "oracle suspect", "undecided", "error"]

#: One line each on what an outcome means.
MEANING: dict[Outcome, str] = {
    "conforms": "the hand-written derivative is right",
    "disagrees": "the hand-written derivative is wrong",
    "oracle suspect": "the hand-written derivative is right, what it was held against not always",
    "undecided": "the hand-written side and its oracle differ, and no further witness can tell",
    "error": "it could not be judged",
}


@final
@dataclass(frozen=True)
class Explanation:
    """What is wrong. check: the named check that failed. message: in one sentence.

    numbers: the largest error, where it is, what was expected and what came. likely: mistakes that
    would explain the numbers. counterexample: the smallest case, in literal values. reproducer: a
    script that shows it.
    """

    check: str
    message: str
    numbers: str
    likely: tuple[str, ...]
    counterexample: str
    reproducer: str

    @property
    def of_forward(self) -> bool:
        """Whether it is the forward that is wrong, and not what is derived from it."""
        return self.check == "forward" or self.message.startswith("forward ")


@final
@dataclass(frozen=True)
class Verdict:
    """What the fuzzer found out about one target.

    cases: how many were judged. live: the share with a Jacobian that is not all zeros. witness:
    who said what is right; blind: what that witness cannot see. conventions: choices seen at kinks.
    suspects: where the oracle is wrong. notes: circumstances. explanation: None where it conforms.
    """

    name: str
    outcome: Outcome
    witness: str
    blind: str
    cases: int
    live: float
    seed: int
    seconds: float
    conventions: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    explanation: Explanation | None = None

    @property
    def conforms(self) -> bool:
        """Whether the hand-written side is right, its oracle suspect or not."""
        return self.outcome in ("conforms", "oracle suspect")

    def after(self, seconds: float, notes: tuple[str, ...]) -> Verdict:
        """The verdict with the time that it took, and further notes."""
        return replace(self, seconds=seconds, notes=self.notes + notes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return asdict(self) | {"conforms": self.conforms}

    def __str__(self) -> str:
        e, meaning = self.explanation, MEANING[self.outcome]
        if e is not None and self.outcome == "disagrees" and e.of_forward:
            meaning = "the hand-written forward is wrong"
            if e.message.startswith("the forward"):  # beside another, which may be wrong as well
                meaning = "the hand-written forward is not its oracle's"
        lines = [f"{self.outcome}: {self.name}: {meaning}"]
        if e is not None:
            lines += ["", f"  what    {e.message} (check: {e.check})"]
            lines += [f"  where   {e.numbers}"] if e.numbers else []
            lines += [f"  why     {text}" for text in e.likely]
            if e.counterexample:
                lines += [
                    "",
                    "  smallest case",
                    *(f"    {line}" for line in e.counterexample.splitlines()),
                ]
            if e.reproducer:
                lines += [
                    "",
                    "  to see it",
                    *(f"    {line}".rstrip() for line in e.reproducer.splitlines()),
                ]
            lines += [""]
        lines.append(
            f"  judged  {self.cases:,} cases with seed {self.seed} by {self.witness}, "
            f"{self.live:.0%} with a live gradient, in {self.seconds:.1f} s"
        )
        lines += [f"  unseen  {self.blind}"] if self.blind else []
        lines += [f"  kinks   {', '.join(self.conventions)}"] if self.conventions else []
        lines += [f"  suspect {text}" for text in self.suspects]
        lines += [f"  note    {text}" for text in self.notes]
        return "\n".join(lines)
