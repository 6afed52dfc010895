"""The properties themselves are tested: each fails when a bug is planted in what it judges.

Numerical bugs are a relative error of 1e-6 in a single entry, drawn at random among those that are
not 0; only float64 cases can show it.
"""

import dataclasses
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

import reference as ref
from conformance.campaigns.campaign import run
from conformance.properties import PROPERTIES
from reference import descent, fused, neuron
from reference.blas_layer import BlasLayer
from reference.storage import ACTIVATIONS

from .planted import nudge, plant

BY_ID = {p.id: p for p in PROPERTIES}
CLASSES = {cls.__name__: cls for cls in ACTIVATIONS}
DIVERGENCES = ("SquaredError", "KLDivergence", "BinaryKLDivergence")
FUSED = {
    "Softmax-KLDivergence": fused.SoftmaxKL,
    "Sigmoid-BinaryKLDivergence": fused.SigmoidBinaryKL,
}


def caught(id_, *, shrink=False):
    """The record of a property that must have found something."""
    record = run(BY_ID[id_], 150, seed=0, shrink=shrink)
    assert record.verdict == "disagrees", record
    assert record.finding
    assert "seed = 0" in record.counterexample
    return record


def nudged(result, *args):
    return nudge(result)


@pytest.mark.parametrize("name", CLASSES)
def test_jacobian(name, monkeypatch):
    scalar = issubclass(CLASSES[name], ref.ScalarActivation)
    plant(monkeypatch, CLASSES[name], "derivative" if scalar else "jacobian", nudged)
    caught(f"jacobian.{name}")


@pytest.mark.parametrize("name", CLASSES)
def test_forward(name, monkeypatch):
    plant(monkeypatch, CLASSES[name], "forward", nudged)
    caught(f"jacobian.{name}")


@pytest.mark.parametrize("name", CLASSES)
def test_vjp(name, monkeypatch):
    plant(monkeypatch, CLASSES[name], "vjp", nudged)
    caught(f"vjp.{name}")


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("method", ["forward", "jacobian", "vjp"])
def test_a_row_that_depends_on_its_batch(name, method, monkeypatch):
    def corrupt(result, self, z, *args):
        return nudge(result) if z.ndim > 1 else result

    plant(monkeypatch, CLASSES[name], method, corrupt)
    caught(f"manners.{name}")


def test_a_view_in_place_of_a_fresh_array(monkeypatch):
    plant(monkeypatch, ref.Identity, "forward", lambda result, self, z: z)
    assert "an array of its own" in caught("manners.Identity").finding


def test_state_between_calls(monkeypatch):
    kept = []

    def corrupt(result, self, z):
        kept.append(result)
        return result + len(kept)

    plant(monkeypatch, ref.Tanh, "forward", corrupt)
    assert "the same for the same" in caught("manners.Tanh").finding


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("method", ["value", "derivative"])
def test_divergence(name, method, monkeypatch):
    plant(monkeypatch, getattr(ref, name), method, nudged)
    caught(f"derivative.{name}")


@pytest.mark.parametrize("pair", FUSED)
def test_fused(pair, monkeypatch):
    plant(monkeypatch, FUSED[pair], "derivative", nudged)
    caught(f"fused.{pair}")
    caught(f"explicit.{pair}")


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("field", ["loss", "weights", "biases", "input"])
def test_network_gradients(name, field, monkeypatch):
    plant(monkeypatch, ref.Network, "gradients", wrong_field(field))
    caught(f"gradients.{name}")


def test_a_forward_pass_that_is_nan_in_deep_networks(monkeypatch):
    """What is not finite is no excuse: the oracle says whether the case is in range."""

    def corrupt(forward, self, x, **options):
        if len(self.weights) >= 2:
            for array in (*forward.z, *forward.y[1:]):
                array[...] = np.nan
        return forward

    plant(monkeypatch, ref.Network, "forward_pass", corrupt)
    for name in DIVERGENCES:
        assert "must be finite" in caught(f"gradients.{name}").finding
    assert "must be finite" in caught("forward.Network").finding


def test_slopes_that_are_not_drawn(monkeypatch):
    mean = ref.RandomizedLeakyReLU.forward
    monkeypatch.setattr(ref.RandomizedLeakyReLU, "training_forward", mean)
    assert "anew" in caught("slopes.RandomizedLeakyReLU").finding


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("field", ["loss", "weights", "biases", "input"])
def test_a_batch_that_is_not_the_mean(name, field, monkeypatch):
    def corrupt(gradients, self, x, *args):
        return wrong_field(field)(gradients) if x.ndim == 2 else gradients

    plant(monkeypatch, ref.Network, "gradients", corrupt)
    caught(f"mean.{name}")


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("field", ["weights", "biases", "input"])
def test_matrices_against_loops_and_paths(name, field, monkeypatch):
    plant(monkeypatch, ref.Network, "gradients", wrong_field(field))
    caught(f"loops.{name}")
    caught(f"paths.{name}")


def wrong_field(field):
    """One entry of one array of a Gradients nudged; the loss itself for ``loss``."""

    def corrupt(gradients, *args):
        value = getattr(gradients, field)
        if field == "loss":
            wrong = value * (1 + 1e-6)
        elif field == "input":
            wrong = nudge(value)
        else:
            k = zlib.crc32(value[0].tobytes()) % len(value)
            wrong = [nudge(a) if i == k else a for i, a in enumerate(value)]
        return dataclasses.replace(gradients, **{field: wrong})

    return corrupt


def test_forward_pass(monkeypatch):
    plant(monkeypatch, ref.Affine, "forward", nudged)
    caught("forward.Network")
    caught("loops.Forward")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_affine_vjp(part, monkeypatch):
    def corrupt(result, *args):
        return tuple(nudge(a) if i == part else a for i, a in enumerate(result))

    plant(monkeypatch, ref.Affine, "vjp", corrupt)
    caught("jacobian.Affine")


@pytest.mark.parametrize("method", ["jacobian_y", "jacobian_b", "jacobian_W"])
def test_affine_jacobian(method, monkeypatch):
    plant(monkeypatch, ref.Affine, method, nudged)
    caught("jacobian.Affine")


def test_notation(monkeypatch):
    def corrupt(w, *args):
        w[-1][0][-1] += 1.0
        return w

    plant(monkeypatch, neuron, "extended_weights", corrupt)
    caught("notation.Bias")


def test_network_manners(monkeypatch):
    def corrupt(gradients, self, *args):
        self.weights[0] += 1.0
        return gradients

    plant(monkeypatch, ref.Network, "gradients", corrupt)
    assert "must not change a parameter" in caught("manners.Network").finding
    caught("poll.2")


def test_step(monkeypatch):
    import conformance.properties.descent as judged

    plant(monkeypatch, judged, "step", nudged)
    caught("step.Vector")


def test_minimize(monkeypatch):
    plant(monkeypatch, descent, "step", nudged)
    caught("minimize.Quadratic")


def test_a_gradient_that_is_not_the_slope(monkeypatch):
    def corrupt(gradients, *args):
        wrong = [g.copy() for g in gradients.weights]
        k = int(np.argmax([np.abs(g).max() for g in wrong]))
        wrong[k].flat[np.abs(wrong[k]).argmax()] *= 1 + 1e-6
        return dataclasses.replace(gradients, weights=wrong)

    plant(monkeypatch, ref.Network, "gradients", corrupt)
    caught("descent.SmoothLoss")


def test_trainer(monkeypatch):
    def descended(result, layer, *args):
        layer.W[...] = nudge(layer.W)

    plant(monkeypatch, BlasLayer, "descend", descended)
    caught("training.Trainer")


@pytest.mark.parametrize("name", ["ReLU", "Max", "GroupMax"])
def test_a_subgradient_that_is_too_steep(name, monkeypatch):
    plant(monkeypatch, CLASSES[name], "jacobian", nudged)
    caught(f"subgradient.{name}")


def test_secant(monkeypatch):
    plant(monkeypatch, ref.Threshold, "derivative", nudged)
    caught("secant.Threshold")


def test_random_slopes(monkeypatch):
    plant(monkeypatch, ref.RandomizedLeakyReLU, "derivative", nudged)
    caught("slopes.RandomizedLeakyReLU")


def test_polls(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ref.InfluenceDiagram, "derivative", lambda self, target, source: 1.0)
        caught("poll.1")
    with monkeypatch.context() as patch:
        plant(patch, ref.Max, "jacobian", nudged)
        caught("poll.3")
    with monkeypatch.context() as patch:
        plant(patch, ref.PairwiseProduct, "jacobian", nudged)
        caught("poll.4")


def test_no_property_is_without_a_planted_bug():
    """Every id of the report stands in a ``caught(...)`` of this file, its end maybe as a name."""
    source = Path(__file__).read_text(encoding="utf-8")
    spelled = re.findall(r'caught\(f?"(\w+)\.([^"]+)"', source)
    patterns = [rf"{kind}\." + re.sub(r"{\w+}", r"[\\w-]+", end) for kind, end in spelled]
    assert [id_ for id_ in BY_ID if not any(re.fullmatch(p, id_) for p in patterns)] == []


def test_a_counterexample_is_small():
    """A wrong sign in one formula shrinks to a single unit with short numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ref.Softplus, "derivative", lambda self, z, y: -ref.Sigmoid().forward(z))
        record = caught("jacobian.Softplus", shrink=True)
    assert record.counterexample.count("\n") <= 4
    assert "z = array([0.])" in record.counterexample
