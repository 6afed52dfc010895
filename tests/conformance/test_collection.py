"""The collection is in order, and a sample of it is judged as it should be.

The whole of it is judged by ``backprop report``.
"""

from collections import Counter

import pytest

from conformance import fuzz
from conformance.collection import CORRECT, NETWORK_BUGS, PLANTED
from conformance.collection.entry import Kind

KINDS = Kind.__args__
ENTRIES = {entry.id: entry for entry in (*PLANTED, *CORRECT)}

PLANTED_SAMPLE = (
    "sigmoid.z-for-y",
    "softsign.not-squared",
    "softmax.diagonal-only",
    "relu.two-at-zero",
    "asinh.zero-at-zero",
    "abs.quotient",
    "selu.four-digits",
    "tanh.full-jacobian",
    "silu.cotangent-ignored",
    "relu.changes-dy",
    "sigmoid.last-output",
    "tanh.noise",
    "layer-norm.variance-by-moments",
)
CORRECT_SAMPLE = (
    "sigmoid.from-y",
    "snake.frequency",
    "leaky-relu.left",
    "log",
    "hardtanh.closed",
    "max.shared",
    "softmax.vjp",
    "permutation",
    "l2-norm",
)


def test_every_id_is_there_once():
    ids = Counter(entry.id for entry in (*PLANTED, *CORRECT, *NETWORK_BUGS))
    assert {id: n for id, n in ids.items() if n > 1} == {}


def test_there_are_enough_of_every_kind():
    assert len(PLANTED) >= 100
    assert {entry.kind for entry in PLANTED} == set(KINDS)
    assert min(Counter(entry.kind for entry in PLANTED).values()) >= 10
    assert len(CORRECT) >= 60
    assert {entry.kind for entry in CORRECT} == {None}


def test_every_entry_says_what_it_is():
    for entry in (*PLANTED, *CORRECT, *NETWORK_BUGS):
        assert entry.about.strip(), entry.id


def test_every_module_of_the_collection_is_gathered():
    from importlib import import_module
    from pkgutil import iter_modules

    from conformance.collection import correct, planted
    from conformance.collection.entry import Entry

    for folder, gathered in ((planted, PLANTED), (correct, CORRECT)):
        for module in iter_modules(folder.__path__, f"{folder.__name__}."):
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, tuple) and any(isinstance(item, Entry) for item in value):
                    assert set(value) <= set(gathered), f"{module.name}.{name}"


def test_the_sample_has_every_kind():
    assert {ENTRIES[id].kind for id in PLANTED_SAMPLE} == set(KINDS)


@pytest.mark.parametrize("id", [*PLANTED_SAMPLE, *CORRECT_SAMPLE])
def test_a_sample_is_judged_as_it_should_be(id):
    entry = ENTRIES[id]
    verdict = fuzz(entry.make(), entry.oracle, max_examples=60)
    assert verdict.conforms == (id in CORRECT_SAMPLE), str(verdict)
