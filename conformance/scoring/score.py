"""The score of the harness: it judges the collection, whose verdicts are known beforehand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, final

from ..campaigns.workers import spread
from ..collection import CORRECT, NETWORK_BUGS, PLANTED, Entry, NetworkBug
from ..fuzzing import fuzz
from ..record import PeerRecord, ScoreRecord
from .networks import caught
from .peers import PEERS

#: For each property of networks; small networks show their bugs early.
NETWORK_EXAMPLES = 20

#: All that is judged; a task is the id of one of them, which is less to send than the entry.
COLLECTION: tuple[Entry | NetworkBug, ...] = (*PLANTED, *CORRECT, *NETWORK_BUGS)
_BY_ID = {entry.id: entry for entry in COLLECTION}

#: A peer by its name, and the inputs that it gets.
Setting = tuple[str, Literal["normal", "hard"]]
SETTINGS: tuple[Setting, ...] = tuple((name, way) for name in PEERS for way in ("normal", "hard"))


@final
@dataclass(frozen=True)
class Judged:
    """What became of one entry. wrong: whether it was found to be wrong; None where not judged.

    seconds: of the verdict of ``fuzz``. peers: who takes it for wrong; None where not installed.
    """

    id: str
    wrong: bool | None
    seconds: float | None = None
    peers: dict[Setting, bool | None] = field(default_factory=dict)
    error: str | None = None


def score(
    examples: int,
    seed: int,
    *,
    workers: int = 2,
    progress: Callable[[str], None] = lambda id: None,
    planted: Iterable[Entry] = PLANTED,
    correct: Iterable[Entry] = CORRECT,
    network: Iterable[NetworkBug] = NETWORK_BUGS,
) -> ScoreRecord:
    """Judge each entry by ``fuzz`` with ``examples`` cases, and by the peers; call ``progress``.

    workers: how many processes share the work. Whatever the judging raises is in the record.
    """
    started = time.perf_counter()
    ids = [tuple(e.id for e in entries) for entries in (planted, correct, network)]
    judged: dict[str, Judged] = {}
    task = partial(_judge_each, examples=examples, seed=seed)
    for group, done in spread(task, _groups(sum(ids, ())), workers):
        for one in [_failed(id, done) for id in group] if isinstance(done, Exception) else done:
            judged[one.id] = one
            progress(one.id)
    bugs, right, bugs_of_networks = ([judged[id] for id in group] for group in ids)
    seconds = [one.seconds for one in judged.values() if one.seconds is not None]
    return ScoreRecord(
        examples=examples,
        planted=len(bugs),
        missed=tuple(one.id for one in bugs if not one.wrong),
        correct=len(right),
        accused=tuple(one.id for one in right if one.wrong is not False),
        network_planted=len(bugs_of_networks),
        network_missed=tuple(one.id for one in bugs_of_networks if not one.wrong),
        median_seconds=statistics.median(seconds) if seconds else None,
        max_seconds=max(seconds, default=None),
        seconds=time.perf_counter() - started,
        peers=tuple(_peer(setting, bugs, right) for setting in SETTINGS),
        errors={one.id: one.error for one in judged.values() if one.error is not None},
    )


def judge(id: str, examples: int, seed: int) -> Judged:
    """Judge the entry of the collection, or the bug of a network, with this id."""
    entry = _BY_ID[id]
    try:
        if isinstance(entry, NetworkBug):
            return Judged(id, caught(entry, NETWORK_EXAMPLES, seed))
        verdict = fuzz(entry.make(), entry.oracle, max_examples=examples, seed=seed)
        peers = {(name, way): PEERS[name](entry, hard=way == "hard") for name, way in SETTINGS}
    except Exception as error:
        return _failed(id, error)
    return Judged(id, not verdict.conforms, verdict.seconds, peers)


def _groups(ids: Iterable[str]) -> list[list[str]]:
    """Those that share an oracle, or are bugs of networks, compile it once; large groups first."""
    groups: dict[Any, list[str]] = {}
    for id in ids:
        groups.setdefault(getattr(_BY_ID[id], "oracle", NetworkBug), []).append(id)
    return sorted(groups.values(), key=len, reverse=True)


def _judge_each(ids: Iterable[str], examples: int, seed: int) -> list[Judged]:
    return [judge(id, examples, seed) for id in ids]


def _failed(id: str, error: BaseException) -> Judged:
    return Judged(id, None, error=f"{type(error).__name__}: {error}")


def _peer(setting: Setting, bugs: list[Judged], right: list[Judged]) -> PeerRecord:
    """How the peer fares on those that it judged."""
    name, inputs = setting
    of_bugs, of_right = (
        [verdict for one in group if (verdict := one.peers.get(setting)) is not None]
        for group in (bugs, right)
    )
    judged = bool(of_bugs or of_right)
    return PeerRecord(
        name=name,
        inputs=inputs,
        planted=len(of_bugs),
        caught=sum(of_bugs) if judged else None,
        correct=len(of_right),
        accused=sum(of_right) if judged else None,
        reason=None if judged else "not installed",
    )
