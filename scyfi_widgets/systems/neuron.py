"""A neuron that fires in bursts, as a series."""

from __future__ import annotations

from math import exp

from ..training.series import TimeSeries
from .integration import parameters, sampled, seeded_start


def bursting_neuron(
    length: int = 10_000,
    *,
    g_NMDA: float = 10.2,
    current: float = 0.0,
    tau_h: float = 200.0,
    time_step: float = 0.25,
    transient: float = 500.0,
    seed: int = 0,
    noise: float = 0.0,
) -> TimeSeries:
    """Return a series of Durstewitz's bursting neuron: membrane potential and two gates.

    With sig(V; V_half, k) = 1 / (1 + exp((V_half - V) / k))::

        C dV/dt = current - g_L (V - E_L) - g_Na sig(V; -20, 15) (V - E_Na) - g_K n (V - E_K)
                  - g_M h (V - E_K) - g_NMDA s(V) (V - E_NMDA),  s(V) = 1 / (1 + 0.33 exp(-V / 16))
        dn/dt = (sig(V; -25, 5) - n) / tau_n
        dh/dt = (sig(V; -15, 5) - h) / tau_h

    with C = 6 µF, g_L = 8, g_Na = 20, g_K = 10, g_M = 25 mS, E_L = -80, E_Na = 60, E_K = -90,
    E_NMDA = 0 mV, tau_n = 1 ms. The fast n ends each spike; the slow h grows with every spike and
    ends the burst, then decays through the silent phase.

    A burst has, at g_NMDA = 2: 1 spike; 3: 2; 5: 3; 7: 6; 9.5: 12; 10: 14; 10.2: 15 spikes. Firing
    without a pause is stable beside the bursts, at 9.35 already, so the start decides which of the
    two is seen. The starts that are drawn here lead to bursts at the values above, to firing
    without a pause near 10.1 and from 10.22 on.

    Parameters
    ----------
    length : int
        States, one every `time_step`.
    g_NMDA : float
        Conductance of the NMDA current in mS: what decides the regime.
    current : float
        Injected current in µA.
    tau_h : float
        Time constant of the slow gate in ms.
    time_step, transient : float
        As in `lorenz63`, in ms.
    seed, noise
        As in `lorenz63`.

    Returns
    -------
    TimeSeries
        V in mV, and the gates n and h between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Durstewitz, *Implications of synaptic biophysics for recurrent network dynamics and active
    memory*, Neural Networks 22 (2009) 1189-1200; the parameters as in Schmidt, Koppe, Monfared,
    Beutelspacher, Durstewitz, *Identifying nonlinear dynamical systems with multiple time scales
    and long-range dependencies*, ICLR 2021.
    """
    g_NMDA, current, tau_h = parameters(g_NMDA=g_NMDA, current=current, tau_h=tau_h)
    if tau_h <= 0.0:
        raise ValueError(f"tau_h must be positive, got {tau_h:g}")
    if g_NMDA < 0.0:
        raise ValueError(f"g_NMDA must be at least 0, got {g_NMDA:g}")

    def field(t, u):
        V, n, h = u
        leak = 8.0 * (V + 80.0)
        sodium = 20.0 * (V - 60.0) / (1.0 + exp((-20.0 - V) / 15.0))
        potassium = (10.0 * n + 25.0 * h) * (V + 90.0)
        nmda = g_NMDA * V / (1.0 + 0.33 * exp(-0.0625 * V))
        return (
            (current - leak - sodium - potassium - nmda) / 6.0,
            1.0 / (1.0 + exp((-25.0 - V) / 5.0)) - n,
            (1.0 / (1.0 + exp((-15.0 - V) / 5.0)) - h) / tau_h,
        )

    # In the silent phase after a burst: from here the slow gate leads into the next one.
    start = seeded_start(seed, (-68.0, 0.0, 0.07), (-64.0, 0.01, 0.16))
    states = sampled(field, start, length=length, time_step=time_step, transient=transient)
    return TimeSeries.of(
        states, names=("V", "n", "h"), time_step=time_step, label="bursting neuron"
    ).noisy(noise, seed)
