"""One fixed point or cycle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .words import word_text

NEUTRAL_WITHIN = 1e-9
STABILITIES = ("stable", "saddle", "unstable", "neutral")


@dataclass(frozen=True, eq=False)
class Cycle:
    """A fixed point (order 1) or a cycle of a piecewise-linear network.

    Two cycles are the same when their words are the same up to rotation: never by coordinates.

    Attributes
    ----------
    points : (k, M) array
        The states in the order in which the network visits them.
    word : (k, H) bool array
        The region of each point, rotated to the least in lexicographic order.
    eigenvalues : (M,) complex array
        Of the product of the Jacobians once around, by falling modulus; infinite beyond 1e308.
    residual : float
        max_i |F(z_i) - z_{i+1}| over all components, in units of the state.
    margin : float
        min |W2 z + h2| over the points: how far the cycle is from the nearest border.
    margin_error : float
        How far the true margin may be from `margin`; 0 where exact arithmetic has settled it.
    log_moduli : (M,) array, optional
        log |λ| of the eigenvalues, finite however large they are; -inf for λ = 0.
    """

    points: np.ndarray
    word: np.ndarray
    eigenvalues: np.ndarray
    residual: float
    margin: float
    margin_error: float = 0.0
    log_moduli: np.ndarray | None = None

    def __post_init__(self):
        if self.log_moduli is None:
            with np.errstate(divide="ignore"):
                object.__setattr__(self, "log_moduli", np.log(np.abs(self.eigenvalues)))

    @property
    def order(self) -> int:
        """The minimal period k."""
        return len(self.points)

    @cached_property
    def key(self) -> tuple[int, bytes]:
        """What identifies the cycle: its order and its canonical word."""
        return self.order, np.packbits(self.word).tobytes()

    @property
    def word_text(self) -> str:
        """The word as text, one group of bits a point."""
        return word_text(self.word)

    @property
    def spectral_radius(self) -> float:
        """The largest modulus of an eigenvalue, once around the cycle; infinite beyond 1e308."""
        return float(np.abs(self.eigenvalues[0]))

    @property
    def spectral_radius_text(self) -> str:
        """The largest modulus with six digits, also beyond 1e308: ``"4.2e+345"``."""
        if np.isfinite(self.spectral_radius):
            return f"{self.spectral_radius:.6g}"
        if not np.isfinite(self.log_moduli[0]):
            return f"{self.spectral_radius:.6g}"
        exponent, rest = divmod(float(self.log_moduli[0]) / np.log(10.0), 1.0)
        digits = f"{10.0**rest:.6g}"
        return f"1e+{exponent + 1:.0f}" if digits == "10" else f"{digits}e+{exponent:.0f}"

    @property
    def lyapunov_exponents(self) -> np.ndarray:
        """The rates log |λ| / k (M,) at which neighbours leave the cycle, per step."""
        return self.log_moduli / self.order

    @cached_property
    def stability(self) -> str:
        """``"stable"`` (all |λ| < 1), ``"unstable"`` (all > 1), ``"saddle"`` or ``"neutral"``.

        Neutral says that some |λ| is within 1e-9 of one, so that neither can be said.
        """
        return _stabilities(self.log_moduli[None])[0]

    @property
    def on_border(self) -> bool:
        """Whether a point lies exactly on a border; its bit there is 0, as for W2 z + h2 < 0."""
        return self.margin == 0.0 and self.margin_error == 0.0

    @property
    def decided(self) -> bool:
        """Whether the word is certain: the margin exceeds its error, or is exactly zero.

        False for the few cycles that are too close to a border for doubled precision and too large
        for exact arithmetic.
        """
        return self.margin > self.margin_error or self.on_border

    @property
    def name(self) -> str:
        """``"fixed point"`` or ``"3-cycle"``."""
        return "fixed point" if self.order == 1 else f"{self.order}-cycle"

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Cycle) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        doubt = " on a border" if self.on_border else "" if self.decided else ", word not decided"
        return f"<{self.stability} {self.name}{doubt}, largest |λ| {self.spectral_radius_text}>"


def cycles_of_arrays(
    points: np.ndarray,
    words: np.ndarray,
    eigenvalues: np.ndarray,
    residuals: np.ndarray,
    margins: np.ndarray,
    margin_errors: np.ndarray,
    log_moduli: np.ndarray,
) -> list[Cycle]:
    """Return n cycles of one order from arrays of n entries each, the attributes of `Cycle`.

    A large set is made of thousands: what each would compute for itself is computed at once.
    """
    n, order, _ = words.shape
    packed = np.packbits(words.reshape(n, -1), axis=1)
    keys, width = packed.tobytes(), packed.shape[1]
    rows = zip(
        points,
        words,
        eigenvalues,
        residuals.tolist(),
        margins.tolist(),
        margin_errors.tolist(),
        log_moduli,
        range(0, n * width, width),
        _stabilities(log_moduli),
        strict=True,
    )
    cycles = []
    for states, word, values, residual, margin, error, logs, start, stability in rows:
        cycle = object.__new__(Cycle)
        vars(cycle).update(
            points=states,
            word=word,
            eigenvalues=values,
            residual=residual,
            margin=margin,
            margin_error=error,
            log_moduli=logs,
            key=(order, keys[start : start + width]),
            stability=stability,
        )
        cycles.append(cycle)
    return cycles


def _stabilities(log_moduli: np.ndarray) -> list[str]:
    """Return the stability for each row of log |λ| (n, M)."""
    distances = np.expm1(np.minimum(log_moduli, 1.0))  # |λ| - 1, as far as it matters
    certain = np.all(np.abs(distances) > NEUTRAL_WITHIN, axis=1)
    inside, outside = distances.max(axis=1) < 0.0, distances.min(axis=1) > 0.0
    numbers = np.where(certain, np.where(inside, 0, np.where(outside, 2, 1)), 3)
    return [STABILITIES[number] for number in numbers.tolist()]
