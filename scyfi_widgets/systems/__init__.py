"""Named example networks, small enough to ship."""

from .planar import eighty_cycle, lozi_map, sixteen_cycle, skew_tent_map, two_cycle
from .trained import lorenz_network

__all__ = [
    "eighty_cycle",
    "lorenz_network",
    "lozi_map",
    "sixteen_cycle",
    "skew_tent_map",
    "two_cycle",
]
