"""A history as a data frame and as a picture; each is left out where its package is missing."""

import pytest

from reference import Epoch, History


@pytest.fixture
def history():
    history = History()
    history.add(Epoch(1, 2.0, 2.5))
    history.add(Epoch(2, 1.0, 1.5))
    return history


def test_a_frame_has_a_row_for_each_epoch(history):
    pytest.importorskip("pandas", reason="a data frame needs pandas")
    frame = history.to_frame()
    assert frame.index.name == "epoch"
    assert frame.index.tolist() == [1, 2]
    assert frame.to_dict("list") == {"loss": [2.0, 1.0], "validation_loss": [2.5, 1.5]}
    assert History([3.0]).to_frame().columns.tolist() == ["loss"]


def test_a_plot_has_a_line_for_each_loss(history):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="a plot needs matplotlib")
    own = pyplot.figure().add_subplot()
    axes = history.plot(own)
    assert axes is own
    lines = [(line.get_label(), *map(list, line.get_data())) for line in axes.get_lines()]
    assert lines == [("training", [1, 2], [2.0, 1.0]), ("validation", [1, 2], [2.5, 1.5])]
    assert len(History([3.0]).plot().get_lines()) == 1
    pyplot.close("all")
