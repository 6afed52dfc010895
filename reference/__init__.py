"""Backpropagation by hand, in matrices, with NumPy alone (11-785 F24 lecture 5)."""

from .activation import Activation, ScalarActivation, VectorActivation
from .affine import Affine
from .descent import Minimum, minimize
from .divergence import BinaryKLDivergence, Divergence, KLDivergence, SquaredError
from .fused import FusedDivergence, SigmoidBinaryKL, SoftmaxKL, fuse
from .history import Epoch, History
from .influence import Function, InfluenceDiagram
from .maximum import GroupMax, Max
from .network import Network
from .passes import BackwardPass, ForwardPass, Gradients
from .piecewise import LeakyReLU, RandomizedLeakyReLU, ReLU, Threshold
from .polynomial import LinearCombination, Polynomial
from .product import PairwiseProduct, Product
from .scalar import Identity, Sigmoid, Softplus, Tanh
from .softmax import Softmax
from .storage import load, save
from .trainer import DivergedError, Trainer

__all__ = [
    "Activation",
    "Affine",
    "BackwardPass",
    "BinaryKLDivergence",
    "DivergedError",
    "Divergence",
    "Epoch",
    "ForwardPass",
    "Function",
    "FusedDivergence",
    "Gradients",
    "GroupMax",
    "History",
    "Identity",
    "InfluenceDiagram",
    "KLDivergence",
    "LeakyReLU",
    "LinearCombination",
    "Max",
    "Minimum",
    "Network",
    "PairwiseProduct",
    "Polynomial",
    "Product",
    "RandomizedLeakyReLU",
    "ReLU",
    "ScalarActivation",
    "Sigmoid",
    "SigmoidBinaryKL",
    "Softmax",
    "SoftmaxKL",
    "Softplus",
    "SquaredError",
    "Tanh",
    "Threshold",
    "Trainer",
    "VectorActivation",
    "fuse",
    "load",
    "minimize",
    "save",
]

__version__ = "0.1.0"
