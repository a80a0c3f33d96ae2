"""Named example networks and data sets, small enough to ship or made in seconds."""

from .flows import lorenz63, rossler, van_der_pol
from .neuron import bursting_neuron
from .planar import eighty_cycle, lozi_map, sixteen_cycle, skew_tent_map, two_cycle
from .published import (
    PublishedFlip,
    published_cycles,
    published_flip,
    published_paths,
    published_random_networks,
)
from .tent import tent_map
from .toy import toy_series
from .trained import lorenz_network

__all__ = [
    "PublishedFlip",
    "bursting_neuron",
    "eighty_cycle",
    "lorenz63",
    "lorenz_network",
    "lozi_map",
    "published_cycles",
    "published_flip",
    "published_paths",
    "published_random_networks",
    "rossler",
    "sixteen_cycle",
    "skew_tent_map",
    "tent_map",
    "toy_series",
    "two_cycle",
    "van_der_pol",
]
