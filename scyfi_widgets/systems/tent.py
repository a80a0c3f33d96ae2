"""The tent map."""

from __future__ import annotations

from ..models import ShallowPLRNN


def tent_map(height: float = 0.9) -> ShallowPLRNN:
    """Return x' = 2 height min(x, 1 - x), the tent map of the unit interval, as a network.

    One rectified unit bends the line 2 height x down at x = 1/2, so that the tip is at `height`.
    Below 1/2 the fixed point 0 attracts; above it the orbits are chaotic on a part of the interval,
    and at 1 on all of it, where F^k has 2^k fixed points. The Lyapunov exponent is log(2 height).
    At 1 every step shifts a binary digit out: a computer's orbits end in 0 after some 50 steps.

    References
    ----------
    Strogatz, *Nonlinear Dynamics and Chaos*, 1994, section 10.5.
    """
    slope = 2.0 * height
    return ShallowPLRNN(A=[slope], W1=[[-2.0 * slope]], W2=[[1.0]], h1=[0.0], h2=[-0.5])
