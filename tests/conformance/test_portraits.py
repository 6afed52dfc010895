"""The pictures of a report, and the numbers that they are drawn from."""

import base64
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

import reference as ref
from conformance.portraits import curves, diagram, heats
from conformance.record import Report, Sample
from conformance.reports.html import to_html
from conformance.reports.json_report import from_json, to_json
from conformance.reports.pictures import curve_picture, heat_picture

from .test_reports import DIGITS, PROVENANCE, SOFTMAX

NAMES = {cls.__name__ for cls in ref.storage.ACTIVATIONS}
CURVES, HEATS = curves(NAMES), heats(NAMES)


def svg(uri):
    head, _, data = uri.partition(",")
    assert head == "data:image/svg+xml;base64"
    return ElementTree.fromstring(base64.b64decode(data))


def test_nearly_every_activation_sits():
    assert {p.subject for p in (*CURVES, *HEATS)} == NAMES - {"Polynomial"}
    assert not curves({"Nobody"})


def test_by_hand_is_autodiff_and_kinks_are_where_they_are():
    for curve in CURVES:
        np.testing.assert_allclose(curve.by_hand, curve.autodiff, rtol=1e-5, atol=1e-12)
    for heat in HEATS:
        np.testing.assert_allclose(heat.by_hand, heat.autodiff, rtol=1e-5, atol=1e-12)
    kinks = {curve.subject: curve.kinks for curve in CURVES}
    assert kinks["ReLU"] == kinks["LeakyReLU"] == (0.0,)
    assert kinks["Tanh"] == kinks["Sigmoid"] == ()
    assert len(kinks["Threshold"]) == 2


def test_one_that_raises_has_no_portrait(monkeypatch):
    monkeypatch.delattr(ref.Tanh, "derivative")
    assert [curve.subject for curve in curves({"Tanh", "ReLU"})] == ["ReLU"]


@pytest.mark.parametrize("picture", [*map(curve_picture, CURVES), *map(heat_picture, HEATS)])
def test_a_picture_is_svg(picture):
    assert svg(picture).tag.endswith("svg")
    assert len(picture) < 80_000


def test_the_page_has_each_with_a_text_in_its_place():
    report = Report(PROVENANCE, (SOFTMAX,), (), curves=CURVES, heats=HEATS)
    assert from_json(to_json(report)) == report
    hostile = replace(CURVES[0], subject='"><script>')
    page = to_html(replace(report, curves=(*CURVES, hostile)))
    assert page.count("<img ") == len(CURVES) + len(HEATS) + 1
    assert 'alt="Tanh from -4.0 to 4.0: y from -0.999' in page
    assert "<script" not in page
    assert page == to_html(from_json(to_json(replace(report, curves=(*CURVES, hostile)))))
    assert len(page) < 1_000_000


SEEN = replace(
    SOFTMAX,
    seen={
        "dtype": {"float32": 20, "float64": 30},
        "regime": {"ties": 9},
        "layers": {"1 x 3": 4, "6 x 12": 1},
        "pair": {"Max Tanh": 2, "Tanh Max": 3},
        "error float32": {"-3": 19, "exact": 1},
        "error float64": {"-20": 30},
    },
)
IMAGE = Sample(((0.0, 1.0), (0.5, 0.0)), "7", "1")
TRAINED = replace(DIGITS, samples=(IMAGE, replace(IMAGE, predicted="7")))


def test_what_the_cases_were_like_and_what_was_trained_is_shown():
    report = Report(PROVENANCE, (SEEN,), (TRAINED,), diagram=diagram())
    assert from_json(to_json(report)) == report
    page = to_html(report)
    assert page.count("<img ") == 5
    assert "float32 up to 2^-3: 19, exact: 1; float64 up to 2^-20: 30;" in page
    assert "Networks by depth and widest layer: 1 x 3: 4, 6 x 12: 1" in page
    assert "float32: 20, float64: 30; ties: 9" in page
    assert "Held-out images: 7 taken for 1, 7" in page
    assert "Influence diagram: x1 to z1[1] 1.0" in page


def test_the_diagram_is_the_chain_rule():
    shown = diagram()
    assert shown.slopes["Div"] == 1
    for name in shown.values.keys() - {"Div"}:
        over_edges = sum(e.slope * shown.slopes[e.head] for e in shown.edges if e.tail == name)
        assert shown.slopes[name] == pytest.approx(over_edges, abs=1e-5)
