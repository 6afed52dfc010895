"""The pictures of a report, and the numbers that they are drawn from."""

import base64
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

import reference as ref
from conformance.portraits import curves, heats
from conformance.record import Report
from conformance.reports.html import to_html
from conformance.reports.json_report import from_json, to_json
from conformance.reports.pictures import curve_picture, heat_picture

from .test_reports import PROVENANCE, SOFTMAX

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
