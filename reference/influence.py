"""Influence diagrams: the derivative as a sum over paths.

Source: 11-785 F24 lecture 5, slides 11-26 and 145-152.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import ArrayLike

from .activation import ScalarActivation
from .checks import finite_array

if TYPE_CHECKING:
    from .divergence import Divergence
    from .network import Network

#: The most nodes of a network that are drawn: paths multiply from layer to layer, and this many
#: nodes hold at most two million between any two; 150 could hold a billion.
MAX_NODES = 100


@final
@dataclass(frozen=True)
class Function:
    """A scalar function of named variables, and its partial derivatives, one by each input.

    ``value`` and ``partials`` both take the values of the inputs, in order.
    """

    name: str
    inputs: tuple[str, ...]
    value: Callable[..., float]
    partials: Callable[..., Sequence[float]]


@final
@dataclass
class InfluenceDiagram:
    """Which variable influences which, and how much: a directed acyclic graph of scalars.

    ``values[name]`` is the value of a node, ``edges[tail][head]`` the derivative of head by tail.
    A node comes after all that influence it, so the order of ``values`` is topological.
    """

    values: dict[str, float] = field(default_factory=dict, init=False)
    edges: dict[str, dict[str, float]] = field(default_factory=dict, init=False)

    @classmethod
    def of_functions(
        cls, inputs: Mapping[str, float], functions: Iterable[Function]
    ) -> InfluenceDiagram:
        """The diagram of nested functions, each listed after those whose values it takes.

        Raises ValueError for an input that is unknown or listed later, an input taken twice, a
        wrong number of partials, a duplicate name, and a number that is not finite.
        """
        diagram = cls()
        for name, value in inputs.items():
            diagram.add(name, value)
        for f in functions:
            if len(set(f.inputs)) != len(f.inputs):
                raise ValueError(f"the inputs of {f.name!r} must be distinct, got {f.inputs}")
            for tail in f.inputs:
                diagram._check_known(tail, f"an input of {f.name!r} must be a node before it")
            arguments = [diagram.values[tail] for tail in f.inputs]
            partials = f.partials(*arguments)
            if np.shape(partials) != (len(arguments),):
                raise ValueError(
                    f"the partials of {f.name!r} must have shape ({len(arguments)},), "
                    f"one by each input, got {np.shape(partials)}"
                )
            slopes = {tail: partials[i] for i, tail in enumerate(f.inputs)}
            diagram.add(f.name, f.value(*arguments), slopes)
        return diagram

    @classmethod
    def of_network(
        cls, network: Network, x: ArrayLike, d: ArrayLike, divergence: Divergence
    ) -> InfluenceDiagram:
        """The diagram of a small network at one instance: x (D_0,), d of the width of y_N.

        Nodes, counted from 1: x1, x2, ...; in layer k the weight W{k}[j,i] from unit i of layer k-1
        to unit j (row j, column i of W_k), the bias b{k}[j], z{k}[j] and y{k}[i]; and Div. A scalar
        activation joins z{k}[i] to y{k}[i] alone, any other every z to every y of its layer.
        Raises ValueError for a wrong shape, more than ``MAX_NODES`` nodes, and what is not finite.
        """
        dtype, width = network.weights[0].dtype, network.weights[0].shape[1]
        y, d = finite_array(x, "x", dtype), finite_array(d, "d", dtype)
        if y.shape != (width,):
            raise ValueError(f"x must have shape ({width},), got {y.shape}")
        # For each layer W_k, y_{k-1} (a column of W_k each), b_k and z_k; then y_N and Div.
        nodes = sum(W.size + W.shape[1] + 2 * W.shape[0] for W in network.weights) + d.size + 1
        if nodes > MAX_NODES:
            raise ValueError(f"network must have at most {MAX_NODES} nodes to draw, got {nodes}")

        diagram = cls()
        below = [f"x{i}" for i in range(1, width + 1)]  # the names of y_{k-1}
        for i, name in enumerate(below):
            diagram.add(name, y[i])
        for k, f in enumerate(network.activations, start=1):
            W, b = network.weights[k - 1], network.biases[k - 1]
            z = W @ y + b
            for j, row in enumerate(W):
                partials = {f"b{k}[{j + 1}]": 1.0}
                diagram.add(f"b{k}[{j + 1}]", b[j])
                for i, weight in enumerate(row):
                    diagram.add(f"W{k}[{j + 1},{i + 1}]", weight)
                    partials |= {f"W{k}[{j + 1},{i + 1}]": y[i], below[i]: weight}
                diagram.add(f"z{k}[{j + 1}]", z[j], partials)
            y = f.forward(z)
            J = f.jacobian(z, y)
            below = [f"y{k}[{i + 1}]" for i in range(len(y))]
            for i, name in enumerate(below):
                joined = [i] if isinstance(f, ScalarActivation) else range(len(z))
                diagram.add(name, y[i], {f"z{k}[{j + 1}]": J[i, j] for j in joined})

        if d.shape != y.shape:
            raise ValueError(f"d must have shape {y.shape}, got {d.shape}")
        dy = divergence.derivative(y, d)
        diagram.add("Div", float(divergence.value(y, d)), dict(zip(below, dy, strict=True)))
        return diagram

    def add(self, name: str, value: float, partials: Mapping[str, float] | None = None) -> None:
        """Add a node, with its derivative by each of the earlier nodes that influence it.

        Edges come from earlier nodes alone, so there is never a cycle. Raises ValueError for a name
        that is taken, an unknown influence, and a number that is not finite.
        """
        if name in self.values:
            raise ValueError(f"the name of a node must be new, got {name!r} again")
        number = _finite(value, f"the value of {name!r}")
        slopes = {}
        for tail, slope in (partials or {}).items():
            self._check_known(tail, f"an influence on {name!r} must be a node before it")
            slopes[tail] = _finite(slope, f"the derivative of {name!r} by {tail!r}")
        self.values[name], self.edges[name] = number, {}
        for tail, slope in slopes.items():
            self.edges[tail][name] = slope

    def paths(self, source: str, target: str) -> Iterator[tuple[str, ...]]:
        """All paths from source to target, each the names of its nodes, both ends included.

        From a node to itself there is one path, of that node alone. Raises ValueError for an
        unknown node.
        """
        self._check_known(source, "source must be a node")
        self._check_known(target, "target must be a node")
        leading = {target}  # the nodes from which some path leads to the target
        for tail in reversed(self.values):
            if not leading.isdisjoint(self.edges[tail]):
                leading.add(tail)
        unfinished: list[tuple[str, ...]] = [(source,)]
        while unfinished:
            path = unfinished.pop()
            if path[-1] == target:
                yield path
            else:
                heads = [head for head in self.edges[path[-1]] if head in leading]
                unfinished.extend((*path, head) for head in reversed(heads))

    def path_product(self, path: Sequence[str]) -> float:
        """The product of the derivatives along a path; 1 for a node alone.

        Raises ValueError for an unknown node, or two in succession that no edge joins.
        """
        for name in path:
            self._check_known(name, "each step of path must be a node")
        product = 1.0
        for tail, head in pairwise(path):
            if head not in self.edges[tail]:
                raise ValueError(f"path must follow edges, got {tail!r} -> {head!r}")
            product *= self.edges[tail][head]
        return product

    def derivative(self, target: str, source: str) -> float:
        """dtarget/dsource as the lecture defines it: the products of all paths, added (slide 23).

        Raises ValueError for an unknown node.
        """
        return sum((self.path_product(path) for path in self.paths(source, target)), 0.0)

    def derivatives(self, target: str) -> dict[str, float]:
        """dtarget/dnode for every node, by the backward sweep; 0 where no path leads.

        Each node once, from the last to the first: dl/dx = sum_i (dl/dz_i) (dz_i/dx) over the edges
        out of x. Raises ValueError for an unknown node.
        """
        self._check_known(target, "target must be a node")
        total = dict.fromkeys(self.values, 0.0) | {target: 1.0}
        for tail in reversed(self.values):
            for head, slope in self.edges[tail].items():
                total[tail] += total[head] * slope
        return total

    def to_mermaid(self) -> str:
        """A Mermaid flowchart: names and values in the nodes, derivatives on the edges."""
        lines = self._draw('{id}["{label}"]', '{tail} -->|"{label}"| {head}', "#")
        return "\n    ".join(["flowchart LR", *lines]) + "\n"

    def to_dot(self) -> str:
        """A Graphviz DOT digraph: names and values in the nodes, derivatives on the edges."""
        lines = self._draw('{id} [label="{label}"];', '{tail} -> {head} [label="{label}"];', "&#")
        text = "\n    ".join(["digraph influence {", "rankdir=LR;", *lines]) + "\n}\n"
        return text.replace("&#92;", "&#92;&#92;")  # Graphviz reads \\ as \ after the entities

    def _draw(self, node: str, edge: str, entity: str) -> list[str]:
        """A line per node and per edge, filled into the templates. Names stay inside labels."""
        ids = {name: f"n{i}" for i, name in enumerate(self.values)}
        lines = []
        for name, value in self.values.items():
            lines.append(node.format(id=ids[name], label=f"{_escape(name, entity)} = {value:.4g}"))
        for tail, heads in self.edges.items():
            for head, slope in heads.items():
                lines.append(edge.format(tail=ids[tail], head=ids[head], label=f"{slope:.4g}"))
        return lines

    def _check_known(self, name: str, requirement: str) -> None:
        if name not in self.values:
            known = reprlib.repr(list(self.values))  # the first few
            raise ValueError(f"{requirement}, one of {known}, got {name!r}")


def _finite(number: object, what: str) -> float:
    if not (isinstance(number, Real) and math.isfinite(number)):
        raise ValueError(f"{what} must be a finite number, got {number}")
    return float(number)


def _escape(name: str, entity: str) -> str:
    """Letters, digits, _ , [ ] and what is beyond 16 bits as they are; all else as entities.

    Even spaces: Mermaid takes a line with "direction TB" in it for a statement of its own. What
    cannot be printed is written as in Python first: a label that begins with a line feed crashes
    Graphviz, and entities beyond 16 bits puzzle it.
    """
    printable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    pattern = r"[^\w,\[\]\U00010000-\U0010ffff]"
    return re.sub(pattern, lambda match: f"{entity}{ord(match[0])};", printable)
