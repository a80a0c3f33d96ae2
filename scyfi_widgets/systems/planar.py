"""Small systems with known answers."""

from __future__ import annotations

from ..models import PLRNN


def sixteen_cycle() -> PLRNN:
    """Return the paper's two-unit network with a stable and an unstable 16-cycle.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, NeurIPS 2023, Fig. 3: the ground truth of the toy
    experiment. Largest |λ| of the two 16-cycles: 0.519 and 1.610.
    """
    return PLRNN(
        A=[0.8377689000000008, 0.96461297],
        W=[[0.0, -0.6437499999999996], [0.52505308, 0.0]],
        h=[0.37298253000000087, -0.97931491],
    )


def eighty_cycle() -> PLRNN:
    """Return a two-unit network of the same family whose attractor is an 80-cycle."""
    return PLRNN(
        A=[0.9777689, 0.96461297],
        W=[[0.0, -0.14375], [0.52505308, 0.0]],
        h=[0.37298253, -0.779314909999999],
    )


def skew_tent_map(left: float = 0.8, right: float = -1.5, offset: float = 1.0) -> PLRNN:
    """Return x' = left x + offset (x <= 0), right x + offset (x > 0), as a one-unit network."""
    return PLRNN(A=[left], W=[[right - left]], h=[offset])


def two_cycle(left: float = 0.3) -> PLRNN:
    """Return x' = a x + 0.8 y + 0.214, y' = b x + 0.2 y, with (a, b) switching at x = 0.

    (a, b) is (`left`, -0.4) for x <= 0 and (-1.5, 0.5) for x > 0. Its two-cycle exists for `left`
    above -0.482353 and is stable up to 0.546341.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, NeurIPS 2023, Fig. S7.
    """
    return PLRNN(A=[[left, 0.8], [-0.4, 0.2]], W=[[-1.5 - left, 0.0], [0.9, 0.0]], h=[0.214, 0.0])


def lozi_map(a: float = 1.7, b: float = 0.5) -> PLRNN:
    """Return the Lozi map x' = 1 - a |x| + y, y' = b x, chaotic at its default values.

    References
    ----------
    Lozi, *Un attracteur étrange du type attracteur de Hénon*, J. Phys. Colloq. 39 (1978) C5-9.
    """
    return PLRNN(A=[[a, 1.0], [b, 0.0]], W=[[-2.0 * a, 0.0], [0.0, 0.0]], h=[1.0, 0.0])
