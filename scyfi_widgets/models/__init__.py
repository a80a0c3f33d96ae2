"""What a network is: five architectures, one normal form, parameters by name, step and orbit."""

from .almost_linear import AlmostLinearRNN
from .base import Model
from .clipped_shallow import ClippedShallowPLRNN
from .dendritic import DendriticPLRNN
from .plrnn import PLRNN
from .relu_form import ReluForm
from .shallow import ShallowPLRNN

ARCHITECTURES = (PLRNN, ShallowPLRNN, ClippedShallowPLRNN, DendriticPLRNN, AlmostLinearRNN)

__all__ = [
    "ARCHITECTURES",
    "PLRNN",
    "AlmostLinearRNN",
    "ClippedShallowPLRNN",
    "DendriticPLRNN",
    "Model",
    "ReluForm",
    "ShallowPLRNN",
]
