"""Exact geometry of prefixes: what conditions on the first point of a cycle exclude one another."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ...models.relu_form import ReluForm
from .row_check import integers, split_functional

EMPTY = "empty"  # no point satisfies all conditions
THIN = "thin"  # those that do have no interior


class Prefixes:
    """Conditions along prefixes as exact affine functions of z_0, for at most two latent units.

    Parameters
    ----------
    form : ReluForm
    functional : (M,) or (M + H,) array
    slack : (T,) array
        Of the conditions  s_t = phi(z_0) - phi(z_t) + slack_t >= 0, see `PrefixTree`.
    """

    def __init__(self, form: ReluForm, functional: np.ndarray, slack: np.ndarray):
        if form.M > 2:
            raise ValueError(f"prefixes are for at most 2 latent units, got {form.M}")
        self.form = scaled = integers(*form, *split_functional(form, functional), slack)
        self.one = scaled.one
        self.M, self.H = form.M, form.H
        start = np.eye(form.M, form.M + 1, dtype=np.int64).astype(object)
        # The affine maps z_0 -> z_t along the prefix looked at last, each with a factor.
        self.maps = [(start, 1)]
        self.regions: list[bytes] = []

    def verdict(self, bits: np.ndarray, constraints: np.ndarray) -> str | None:
        """Return EMPTY, THIN, or None: what up to three conditions on a prefix show.

        Parameters
        ----------
        bits : (T, H) array
            0, 1, or else undecided.
        constraints : (3,) array
            See `PrefixTree`. A condition that needs an undecided bit shows nothing.
        """
        pairs = bits.size
        conditions = []
        for constraint in constraints.tolist():
            if constraint < 0:
                continue
            t, j = divmod(constraint, self.H) if constraint < pairs else (constraint - pairs, -1)
            needed = bits[t, j] if j >= 0 else bits[t][self.form[6] != 0]
            if np.any(bits[:t] > 1) or np.any(needed > 1):
                return None
            function = self._sign_condition(bits, t, j) if j >= 0 else self._cut(bits, t)
            if not any(function):
                # Always zero: both bits of the pair have the same cell, that of bit 0 is looked at.
                if j >= 0 and bits[t, j] == 1:
                    return THIN
                continue
            *slope, constant = function
            conditions.append(((*slope, 0)[:2], constant))
        verdicts = {
            _verdict(chosen) for size in (1, 2, 3) for chosen in combinations(conditions, size)
        }
        return EMPTY if EMPTY in verdicts else THIN if THIN in verdicts else None

    def _sign_condition(self, bits, t: int, j: int):
        W2, h2 = self.form[2], self.form[4]
        state, factor = self._state(bits, t)
        y = W2[j] @ state
        y[-1] += h2[j] * factor
        return y if bits[t, j] == 1 else -y

    def _cut(self, bits, t: int):
        c, d, slack = self.form[5:]
        cut = np.zeros(self.M + 1, object)
        for sign, time in ((1, 0), (-1, t)):
            # phi(z_time) in the regions of the prefix, with the factor of z_t for both.
            state, factor = self._state(bits, time)
            W2, h2 = self.form[2], self.form[4]
            y = W2 @ state
            y[:, -1] += h2 * factor
            phi = self.one * (c @ state) + (d * (bits[time] == 1)) @ y
            cut += sign * phi * (self._state(bits, t)[1] // factor)
        cut[-1] += slack[t] * self._state(bits, t)[1] * self.one
        return cut

    def _state(self, bits: np.ndarray, t: int):
        """Return the map (M, M + 1) of z_0 -> z_t, times a factor, and the factor."""
        A, W1, W2, h1, h2 = self.form[:5]
        regions = [region.tobytes() for region in bits[:t]]
        shared = 0
        while shared < min(t, len(self.regions)) and regions[shared] == self.regions[shared]:
            shared += 1
        if shared < t:
            del self.maps[shared + 1 :], self.regions[shared:]
        for region in regions[shared:]:
            active = bits[len(self.regions)].astype(np.int64).astype(object)
            state, factor = self.maps[-1]
            state = (self.one * A + (W1 * active) @ W2) @ state
            state[:, -1] += (self.one * h1 + W1 @ (active * h2)) * factor
            self.maps.append((state, factor * self.one**2))
            self.regions.append(region)
        return self.maps[t]


def _verdict(conditions) -> str | None:
    """Return what the only positive combination of some conditions without z_0 shows, if any."""
    slopes, constants = zip(*conditions, strict=True)
    if len(slopes) == 1:
        weights = [0 if any(slopes[0]) else 1]
    elif len(slopes) == 2:
        (a, b), (c, d) = slopes
        opposite = a * d == b * c and a * c + b * d < 0
        weights = [c * c + d * d, -(a * c + b * d)] if opposite else [0, 0]
    else:
        (a, b), (c, d), (e, f) = slopes
        weights = [c * f - d * e, e * b - f * a, a * d - b * c]
        if weights[0] < 0:
            weights = [-weight for weight in weights]
    if min(weights) <= 0:
        return None
    total = sum(weight * x for weight, x in zip(weights, constants, strict=True))
    return EMPTY if total < 0 else THIN if total == 0 else None
