"""What cases were like: each trait with its values, counted, and counts added."""

import numpy as np

from conformance.campaigns.coverage import counted, together, traits
from conformance.cases import ActivationCase, NetworkCase
from conformance.property import Outcome
from reference import Max, ReLU, SquaredError, Tanh


def of(z, worst=None):
    z = np.asarray(z)
    return set(traits(ActivationCase(ReLU(), z, z), Outcome(worst)))


def test_the_regimes_of_an_activation():
    assert of([1.0, 2.0]) == {("dtype", "float64")}
    assert of(np.float32([0, 3])) == {("dtype", "float32"), ("regime", "zeros")}
    assert ("regime", "ties") in of([[1.0, 2.0], [3.0, 3.0]])
    assert ("regime", "ties") not in of([[1.0], [1.0]])
    assert {("regime", "large"), ("regime", "tiny")} <= of([-50.0, 1e-9])


def test_an_error_is_below_a_power_of_two_of_its_tolerance():
    powers = {
        0.0: "exact",
        1e-30: "-20",
        0.2: "-2",
        0.25: "-2",
        0.26: "-1",
        1.0: "0",
        np.inf: "inf",
    }
    for worst, power in powers.items():
        assert ("error float64", power) in of([1.0, 2.0], worst)


def test_the_layers_of_a_network():
    weights = (np.ones((3, 2)), np.ones((4, 3)), np.ones((2, 1)))
    biases = tuple(np.zeros(len(W)) for W in weights)
    x, d = np.ones((1, 2)), np.ones((1, 2))
    case = NetworkCase(weights, biases, (Tanh(), Max(), Tanh()), SquaredError(), x, d)
    assert counted(traits(case, Outcome())) == {
        "dtype": {"float64": 1},
        "layers": {"3 x 4": 1},
        "pair": {"Tanh Max": 1, "Max Tanh": 1},
    }


def test_counts_add_up_and_any_other_case_has_no_traits():
    once = counted([("dtype", "float32"), ("dtype", "float32"), ("regime", "ties")])
    assert once == {"dtype": {"float32": 2}, "regime": {"ties": 1}}
    assert together([once, {"dtype": {"float64": 1, "float32": 3}}, {}]) == {
        "dtype": {"float32": 5, "float64": 1},
        "regime": {"ties": 1},
    }
    assert not counted(traits(17, Outcome(0.5)))
