from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, final

import numpy as np
import pytest

from reference.activation import ScalarActivation, VectorActivation
from reference.checks import Array
from reference.divergence import SquaredError
from reference.influence import MAX_NODES, Function, InfluenceDiagram
from reference.network import Network


def nested_functions(x: float) -> InfluenceDiagram:
    """l = z1 z2 + x with z1 = x^2, z2 = 3 x; so l = 3 x^3 + x and dl/dx = 9 x^2 + 1."""
    return InfluenceDiagram.of_functions(
        {"x": x},
        [
            Function("z1", ("x",), value=lambda x: x**2, partials=lambda x: (2 * x,)),
            Function("z2", ("x",), value=lambda x: 3 * x, partials=lambda x: (3,)),
            Function(
                "l",
                ("z1", "z2", "x"),
                value=lambda z1, z2, x: z1 * z2 + x,
                partials=lambda z1, z2, x: (z2, z1, 1),
            ),
        ],
    )


@final
class Square(ScalarActivation):
    def forward(self, z: Array) -> Array:
        return np.asarray(z**2)

    def derivative(self, z: Array, y: Array) -> Array:
        return np.asarray(2 * z)


@final
class Exponential(ScalarActivation):
    def forward(self, z: Array) -> Array:
        return np.exp(z)

    def derivative(self, z: Array, y: Array) -> Array:
        return y.copy()


@final
class SumAndProduct(VectorActivation):
    """y = (z1 + z2 + z3, z1 z2): three in, two out, and dy2/dz3 = 0."""

    def output_width(self, n: int) -> int:
        return 2

    def forward(self, z: Array) -> Array:
        return np.stack([z.sum(axis=-1), z[..., 0] * z[..., 1]], axis=-1)

    def jacobian(self, z: Array, y: Array) -> Array:
        J = np.zeros((*z.shape[:-1], 2, 3), z.dtype)
        J[..., 0, :] = 1
        J[..., 1, 0], J[..., 1, 1] = z[..., 1], z[..., 0]
        return J


def small_network() -> Network:
    """2 inputs, 3 units into SumAndProduct (2 wide), 2 units into Exponential."""
    W1 = [[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]]
    W2 = [[0.5, -1.0], [2.0, 0.25]]
    return Network([W1, W2], [[0.1, -0.2, 0.3], [-0.4, 0.5]], [SumAndProduct(), Exponential()])


X, D = [0.8, -0.6], [0.5, -0.25]


def small_diagram() -> InfluenceDiagram:
    return InfluenceDiagram.of_network(small_network(), X, D, SquaredError())


# --- Nested functions ---------------------------------------------------------------------------


def test_a_diagram_holds_the_values_and_the_derivative_of_each_head_by_its_tail() -> None:
    diagram = nested_functions(2.0)
    assert diagram.values == {"x": 2.0, "z1": 4.0, "z2": 6.0, "l": 26.0}
    assert diagram.edges == {
        "x": {"z1": 4.0, "z2": 3.0, "l": 1.0},
        "z1": {"l": 6.0},
        "z2": {"l": 4.0},
        "l": {},
    }


def test_distributed_chain_rule() -> None:
    """dl/dx = (dl/dz1)(dz1/dx) + (dl/dz2)(dz2/dx) + dl/dx directly (slides 19-23)."""
    diagram = nested_functions(2.0)
    paths = list(diagram.paths("x", "l"))
    assert paths == [("x", "z1", "l"), ("x", "z2", "l"), ("x", "l")]
    assert [diagram.path_product(path) for path in paths] == [24.0, 12.0, 1.0]
    assert diagram.derivative("l", "x") == 37.0 == 9 * 2.0**2 + 1


def test_the_backward_sweep_gives_every_derivative_at_once() -> None:
    diagram = nested_functions(2.0)
    assert diagram.derivatives("l") == {"x": 37.0, "z1": 6.0, "z2": 4.0, "l": 1.0}
    assert diagram.derivatives("z2") == {"x": 3.0, "z1": 0.0, "z2": 1.0, "l": 0.0}


def test_from_a_node_to_itself_leads_one_path_and_backwards_none() -> None:
    diagram = nested_functions(2.0)
    assert list(diagram.paths("l", "l")) == [("l",)]
    assert diagram.derivative("l", "l") == 1.0
    assert list(diagram.paths("l", "x")) == []
    none = diagram.derivative("x", "l")
    assert none == 0.0
    assert isinstance(none, float)


def test_paths_to_a_near_node_do_not_wander_through_the_far_ones() -> None:
    """Behind y lies a ladder with 2^60 paths; none of them leads to y."""
    rungs = [
        Function(f"{side}{k}", (f"a{k - 1}", f"b{k - 1}"), lambda a, b: a + b, lambda a, b: (1, 1))
        for k in range(1, 61)
        for side in "ab"
    ]
    diagram = InfluenceDiagram.of_functions({"a0": 0.0, "b0": 0.0}, rungs)
    assert list(diagram.paths("a0", "b1")) == [("a0", "b1")]
    assert diagram.derivatives("a60")["b0"] == 2.0**59


def test_a_long_chain_is_one_path() -> None:
    links = [
        Function(f"y{k}", (f"y{k - 1}",), lambda y: -y, lambda y: (-1,)) for k in range(1, 2001)
    ]
    diagram = InfluenceDiagram.of_functions({"y0": 1.0}, links)
    assert diagram.derivative("y2000", "y1") == -1.0


# --- Poll 1 (slides 25-26) ----------------------------------------------------------------------


def test_poll_1_the_chain_rule_follows_from_dy_equals_derivative_times_dx() -> None:
    """For y = sin(g), g = x^2: dy = cos(g) dg and dg = 2x dx, so dy = cos(g) 2x dx."""
    square = Function("g", ("x",), lambda x: x**2, lambda x: (2 * x,))
    sine = Function("y", ("g",), math.sin, lambda g: (math.cos(g),))
    x, dx = 0.7, 1e-6
    here, there = (InfluenceDiagram.of_functions({"x": at}, [square, sine]) for at in (x, x + dx))
    dg, dy = (there.values[name] - here.values[name] for name in ("g", "y"))
    assert dg == pytest.approx(here.edges["x"]["g"] * dx, rel=1e-5)
    assert dy == pytest.approx(here.edges["g"]["y"] * dg, rel=1e-5)
    assert dy == pytest.approx(here.path_product(("x", "g", "y")) * dx, rel=1e-5)


def test_poll_1_the_diagram_shows_all_paths_and_all_of_them_must_be_summed() -> None:
    dx = 1e-6
    diagram, ahead, behind = (nested_functions(2.0 + step) for step in (0, dx, -dx))
    slope = (ahead.values["l"] - behind.values["l"]) / (2 * dx)
    products = [diagram.path_product(path) for path in diagram.paths("x", "l")]
    assert sum(products) == pytest.approx(slope, rel=1e-8)
    for product in products:  # without any one of them the sum is wrong
        assert sum(products) - product != pytest.approx(slope, rel=1e-2)


# --- Networks -----------------------------------------------------------------------------------


def test_a_network_of_one_unit_by_hand() -> None:
    """z = w x + b, y = z^2, Div = (y - d)^2 / 2 at x = 2, w = 3, b = -1, d = 20: dDiv/dz = 50."""
    network = Network([[[3.0]]], [[-1.0]], [Square()])
    diagram = InfluenceDiagram.of_network(network, [2.0], [20.0], SquaredError())
    assert diagram.values == {
        "x1": 2.0, "b1[1]": -1.0, "W1[1,1]": 3.0, "z1[1]": 5.0, "y1[1]": 25.0, "Div": 12.5
    }  # fmt: skip
    assert diagram.edges == {
        "x1": {"z1[1]": 3.0},
        "b1[1]": {"z1[1]": 1.0},
        "W1[1,1]": {"z1[1]": 2.0},
        "z1[1]": {"y1[1]": 10.0},
        "y1[1]": {"Div": 5.0},
        "Div": {},
    }
    assert diagram.derivatives("Div") == {
        "x1": 150.0, "b1[1]": 50.0, "W1[1,1]": 100.0, "z1[1]": 50.0, "y1[1]": 5.0, "Div": 1.0
    }  # fmt: skip


def test_a_scalar_activation_joins_each_unit_to_itself_and_a_vector_activation_all() -> None:
    edges = small_diagram().edges
    assert set(edges["z1[3]"]) == {"y1[1]", "y1[2]"}
    assert edges["z1[3]"]["y1[2]"] == 0.0
    assert set(edges["z2[1]"]) == {"y2[1]"}
    assert set(edges["z2[2]"]) == {"y2[2]"}


def test_a_scalar_activation_with_slope_zero_keeps_its_edge() -> None:
    network = Network([[[1.0]]], [[0.0]], [Square()])
    diagram = InfluenceDiagram.of_network(network, [0.0], [1.0], SquaredError())
    assert diagram.edges["z1[1]"] == {"y1[1]": 0.0}


def test_a_weight_joins_the_unit_of_its_column_below_to_the_unit_of_its_row() -> None:
    diagram, network = small_diagram(), small_network()
    assert diagram.values["W1[3,2]"] == network.weights[0][2, 1]
    assert diagram.edges["W1[3,2]"] == {"z1[3]": X[1]}
    assert diagram.edges["W2[1,2]"] == {"z2[1]": diagram.values["y1[2]"]}
    assert set(diagram.paths("W2[1,2]", "Div")) == {("W2[1,2]", "z2[1]", "y2[1]", "Div")}


def test_the_sum_over_paths_equals_the_backward_sweep_at_every_node() -> None:
    diagram = small_diagram()
    sweep = diagram.derivatives("Div")
    assert list(sweep) == list(diagram.values)
    for name, derivative in sweep.items():
        assert diagram.derivative("Div", name) == pytest.approx(derivative, rel=1e-13, abs=0)
    # 2 inputs, 3 z and 2 y, 2 units on: every x reaches Div by 3 * 2 * 2 paths.
    assert len(list(diagram.paths("x1", "Div"))) == 12
    for path in diagram.paths("x1", "Div"):
        assert all(head in diagram.edges[tail] for tail, head in pairwise(path))


def named_parameters(network: Network, x: Array) -> dict[str, tuple[Array, tuple[int, ...]]]:
    """Each node that is a parameter or an input: the array that it lives in, and its index."""
    found: dict[str, tuple[Array, tuple[int, ...]]] = {}
    found |= {f"x{i + 1}": (x, (i,)) for i in range(len(x))}
    for k, (W, b) in enumerate(zip(network.weights, network.biases, strict=True), start=1):
        found |= {f"W{k}[{j + 1},{i + 1}]": (W, (j, i)) for j, i in np.ndindex(W.shape)}
        found |= {f"b{k}[{j + 1}]": (b, (j,)) for j in range(len(b))}
    return found


def test_path_sums_equal_central_differences_of_the_divergence() -> None:
    network, x, d, h = small_network(), np.array(X), np.array(D), 1e-6
    diagram = small_diagram()
    parameters = named_parameters(network, x)
    assert len(parameters) == 2 + (6 + 3) + (4 + 2)
    for name, (array, index) in parameters.items():
        value, ends = array[index], []
        for step in (h, -h):
            array[index] = value + step
            ends.append(SquaredError().value(network.forward(x), d))
        array[index] = value
        assert diagram.values[name] == value
        slope = (ends[0] - ends[1]) / (2 * h)
        assert diagram.derivative("Div", name) == pytest.approx(slope, rel=1e-7, abs=1e-8)


def test_path_sums_equal_backpropagation() -> None:
    network, x = small_network(), np.array(X)
    gradients = network.gradients(x, np.array(D), SquaredError())
    sweep = small_diagram().derivatives("Div")
    assert small_diagram().values["Div"] == pytest.approx(gradients.loss, rel=1e-13)
    for k, (dW, db) in enumerate(zip(gradients.weights, gradients.biases, strict=True), start=1):
        for j, i in np.ndindex(dW.shape):
            assert sweep[f"W{k}[{j + 1},{i + 1}]"] == pytest.approx(dW[j, i], rel=1e-13)
        assert [sweep[f"b{k}[{j + 1}]"] for j in range(len(db))] == pytest.approx(db, rel=1e-13)
    assert [sweep["x1"], sweep["x2"]] == pytest.approx(gradients.input, rel=1e-13)


def test_a_float32_network_is_computed_in_float32_and_drawn_with_plain_floats() -> None:
    network = Network([np.full((1, 1), 0.1, "f4")], [np.zeros(1, "f4")], [Square()])
    diagram = InfluenceDiagram.of_network(network, [0.1], [0.3], SquaredError())
    z = np.float32(0.1) * np.float32(0.1)
    assert diagram.values["z1[1]"] == float(z)
    assert diagram.edges["y1[1]"]["Div"] == float(z * z - np.float32(0.3))
    assert {type(value) for value in diagram.values.values()} == {float}
    assert {type(slope) for heads in diagram.edges.values() for slope in heads.values()} == {float}


# --- Errors -------------------------------------------------------------------------------------


def function(name: str = "y", inputs: tuple[str, ...] = ("x",), **changed: Any) -> Function:
    return Function(
        name, inputs, **{"value": lambda *_: 0.0, "partials": lambda *_: (1,)} | changed
    )


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ([function(inputs=("q",))], r"an input of 'y' must be a node before it, .*'x'.* got 'q'"),
        ([function(inputs=("z",)), function("z")], "an input of 'y' must be a node before it.*'z'"),
        ([function(inputs=("y",))], "an input of 'y' must be a node before it.*got 'y'"),
        ([function(inputs=("x", "x"))], r"the inputs of 'y' must be distinct, got \('x', 'x'\)"),
        ([function("x")], "the name of a node must be new, got 'x' again"),
        ([function(), function()], "the name of a node must be new, got 'y' again"),
        ([function(partials=lambda x: (1, 2))], r"partials of 'y' must have shape \(1,\).*\(2,\)"),
        ([function(partials=lambda x: 2 * x)], r"partials of 'y' must have shape \(1,\).*got \(\)"),
        ([function(value=lambda x: math.inf)], "the value of 'y' must be a finite number, got inf"),
        ([function(value=lambda x: None)], "the value of 'y' must be a finite number, got None"),
        ([function(partials=lambda x: (math.nan,))], "derivative of 'y' by 'x' must be a finite"),
    ],
)
def test_functions_that_make_no_diagram(functions: list[Function], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InfluenceDiagram.of_functions({"x": 1.0}, functions)


def test_an_input_must_be_finite() -> None:
    with pytest.raises(ValueError, match="the value of 'x' must be a finite number, got nan"):
        InfluenceDiagram.of_functions({"x": math.nan}, [])


def test_a_node_that_is_rejected_leaves_no_trace() -> None:
    diagram = nested_functions(2.0)
    with pytest.raises(ValueError, match=r"an influence on 'm' must be a node before it.*'q'"):
        diagram.add("m", 1.0, {"x": 1.0, "q": 1.0})
    assert diagram == nested_functions(2.0)


def test_an_unknown_node_is_named_with_the_first_few_that_exist() -> None:
    diagram = small_diagram()
    few = r"one of \['x1', 'x2', .*\.\.\.\], got 'W1\[0,1\]'$"
    with pytest.raises(ValueError, match="source must be a node, " + few):
        next(diagram.paths("W1[0,1]", "Div"))
    with pytest.raises(ValueError, match="target must be a node, " + few):
        next(diagram.paths("x1", "W1[0,1]"))
    with pytest.raises(ValueError, match="target must be a node, " + few):
        diagram.derivative("W1[0,1]", "x1")
    with pytest.raises(ValueError, match="target must be a node, " + few):
        diagram.derivatives("W1[0,1]")
    with pytest.raises(ValueError, match="each step of path must be a node, " + few):
        diagram.path_product(["W1[0,1]"])


def test_a_path_must_follow_edges() -> None:
    with pytest.raises(ValueError, match="path must follow edges, got 'z1' -> 'z2'"):
        nested_functions(2.0).path_product(["x", "z1", "z2"])


@pytest.mark.parametrize(
    ("x", "d", "message"),
    [
        ([1.0, 2.0, 3.0], D, r"x must have shape \(2,\), got \(3,\)"),
        ([X], D, r"x must have shape \(2,\), got \(1, 2\)"),
        (X, [1.0], r"d must have shape \(2,\), got \(1,\)"),
        ([1.0, math.nan], D, "x must be finite"),
        (X, [math.inf, 1.0], "d must be finite"),
    ],
)
def test_x_and_d_are_one_instance_that_fits(x: Any, d: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InfluenceDiagram.of_network(small_network(), x, d, SquaredError())


def test_a_network_that_overflows_is_told_by_its_node() -> None:
    broken: Any = SimpleNamespace(
        value=lambda y, d: 1.0, derivative=lambda y, d: np.array([1.0, -np.inf])
    )
    with pytest.raises(ValueError, match=r"derivative of 'Div' by 'y2\[2\]' must be a finite"):
        InfluenceDiagram.of_network(small_network(), X, D, broken)


def test_a_divergence_has_one_derivative_by_each_output() -> None:
    broken: Any = SimpleNamespace(value=lambda y, d: 1.0, derivative=lambda y, d: np.ones(3))
    with pytest.raises(ValueError, match="longer"):
        InfluenceDiagram.of_network(small_network(), X, D, broken)


def test_only_a_small_network_is_drawn() -> None:
    """One layer of n units on n inputs: n x, n^2 W, n b, n z, n y and Div."""

    def draw(n: int) -> InfluenceDiagram:
        network = Network([np.ones((n, n))], [np.ones(n)], [Square()])
        return InfluenceDiagram.of_network(network, np.ones(n), np.ones(n), SquaredError())

    assert len(draw(8).values) == 97 <= MAX_NODES
    with pytest.raises(ValueError, match=f"network must have at most {MAX_NODES} nodes .*got 118"):
        draw(9)


def test_the_nodes_are_counted_right_where_an_activation_changes_the_width() -> None:
    """The message counts what the diagram would hold: lower the limit below a real diagram."""
    held = len(small_diagram().values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reference.influence.MAX_NODES", held)
        assert len(small_diagram().values) == held
        patch.setattr("reference.influence.MAX_NODES", held - 1)
        with pytest.raises(ValueError, match=f"got {held}$"):
            small_diagram()


# --- Drawings -----------------------------------------------------------------------------------


def test_mermaid_text() -> None:
    assert nested_functions(1 / 3).to_mermaid() == (
        "flowchart LR\n"
        '    n0["x = 0.3333"]\n'
        '    n1["z1 = 0.1111"]\n'
        '    n2["z2 = 1"]\n'
        '    n3["l = 0.4444"]\n'
        '    n0 -->|"0.6667"| n1\n'
        '    n0 -->|"3"| n2\n'
        '    n0 -->|"1"| n3\n'
        '    n1 -->|"1"| n3\n'
        '    n2 -->|"0.1111"| n3\n'
    )


def test_dot_text() -> None:
    assert nested_functions(1 / 3).to_dot() == (
        "digraph influence {\n"
        "    rankdir=LR;\n"
        '    n0 [label="x = 0.3333"];\n'
        '    n1 [label="z1 = 0.1111"];\n'
        '    n2 [label="z2 = 1"];\n'
        '    n3 [label="l = 0.4444"];\n'
        '    n0 -> n1 [label="0.6667"];\n'
        '    n0 -> n2 [label="3"];\n'
        '    n0 -> n3 [label="1"];\n'
        '    n1 -> n3 [label="1"];\n'
        '    n2 -> n3 [label="0.1111"];\n'
        "}\n"
    )


def test_the_names_of_a_network_stay_readable() -> None:
    assert '["W1[2,1] = 0.25"]' in small_diagram().to_mermaid()
    assert '[label="W1[2,1] = 0.25"]' in small_diagram().to_dot()


def test_hostile_names_become_entities() -> None:
    r"""Mermaid and Graphviz show them as "];\nend and <b>#\N&🙂é, to the letter."""
    diagram = InfluenceDiagram()
    diagram.add('"];\nend', -1e-9)
    diagram.add("<b>#\\N&🙂é", 1e9, {'"];\nend': -0.5})
    assert diagram.to_mermaid() == (
        "flowchart LR\n"
        '    n0["#34;]#59;#92;nend = -1e-09"]\n'
        '    n1["#60;b#62;#35;#92;N#38;🙂é = 1e+09"]\n'
        '    n0 -->|"-0.5"| n1\n'
    )
    assert diagram.to_dot() == (
        "digraph influence {\n"
        "    rankdir=LR;\n"
        '    n0 [label="&#34;]&#59;&#92;&#92;nend = -1e-09"];\n'
        '    n1 [label="&#60;b&#62;&#35;&#92;&#92;N&#38;🙂é = 1e+09"];\n'
        '    n0 -> n1 [label="-0.5"];\n'
        "}\n"
    )


def test_every_name_can_be_written_to_a_file() -> None:
    diagram = InfluenceDiagram()
    diagram.add("\ud800\x00\u2028", 1.0)
    assert diagram.to_dot().encode().count(b"ud800&#92;&#92;x00&#92;&#92;u2028 = 1") == 1


def test_spaces_are_escaped_too_for_mermaid_has_a_statement_direction_tb() -> None:
    diagram = InfluenceDiagram()
    diagram.add("direction TB", 1.0)
    assert diagram.to_mermaid() == 'flowchart LR\n    n0["direction#32;TB = 1"]\n'
