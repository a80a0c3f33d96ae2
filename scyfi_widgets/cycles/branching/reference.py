"""The cycles of one order as a linear complementarity problem, solved once for a reference word.

Let every point of a cycle lie in one region d*, with Jacobian J and shift h* (MATH.md 4). Write
y = W2 z + h2 = sigma (b - v) with b, v >= 0 and sigma = +1 where d* has the bit and -1 where not: b
is the member of the pair that d* leaves free, v the one that d* sets to zero. Then
z_{t+1} = J z_t + h* + W1 v_t, a linear system that v drives:

    z_t = z* + sum_s G((t - 1 - s) mod k) W1 v_s,      G(j) = J^j (I - J^k)^{-1},
    b   = q + N v,      N = I + sigma W2 G W1,      q = sigma (W2 z* + h2).

The k-cycles are the solutions with b >= 0, v >= 0 and b v = 0 in every pair. G comes from the
discrete Fourier transform, since the system is block-circulant: powers of J would overflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from ...models.relu_form import ReluForm

ROUNDOFF = 2.0**-53
DRAWN = 4  # regions that may be tried as reference beside the trivial two
SMALL = 30  # states up to which that many are worth their while
GOOD_RESPONSE = 100.0  # largest entry of a spectrum that costs about two digits: good enough


@dataclass(frozen=True)
class Program:
    """The rows [b; s] = [q; slack] + [N; C] v of the k-cycles, with bounds of their rounding.

    Attributes
    ----------
    order : int
    region : (H,) bool array
        The reference region d*.
    rows : (n + k - 1, n) array
        N, then the rotation cuts s_t = functional . (z_0 - z_t) + slack_t >= 0; n = k H.
    constants : (n + k - 1,) array
    row_error, constant_error : float
        Bounds of the absolute error of any entry of `rows`, `constants`.
    functional : (M,) array
    slack : (k,) array
        Non-negative, so that a rotation of every cycle satisfies all cuts.
    reach, offset : (2 n + k - 1,) array
        A cycle with all abs(z) <= R has each variable [v, b, s] at most reach R + offset.
    """

    order: int
    region: np.ndarray
    rows: np.ndarray
    constants: np.ndarray
    row_error: float
    constant_error: float
    functional: np.ndarray
    slack: np.ndarray
    reach: np.ndarray
    offset: np.ndarray


def program(form: ReluForm, order: int) -> Program | None:
    """Set up the complementarity problem of one order.

    Returns
    -------
    Program or None
        None if no region that was tried can serve as reference: their linear systems are singular,
        or so nearly that rounding is all that is left.
    """
    reference = _best_reference(form, order)
    if reference is None:
        return None
    region, spectrum, G = reference
    _, W1, W2, h1, h2 = form
    k, H = order, form.H
    n = k * H
    sign = np.where(region, 1.0, -1.0)

    # What a unit's v, and in the last column the constant drive, move z by, j + 1 steps later.
    drive = np.column_stack([W1, h1 + W1 @ (region * h2)])
    X, X_error = _refined(form, region, spectrum, G, drive)
    if not np.isfinite(X_error).all():
        return None
    gamma = (form.M + k + 4) * ROUNDOFF
    center = X[:, :, -1].sum(axis=0)
    center_error = k * X_error[:, -1] + gamma * np.abs(X[:, :, -1]).sum(axis=0)
    X, X_error = X[:, :, :-1], X_error[:, :-1]
    rest = sign * (W2 @ center + h2)
    transfer = W2 @ X  # (k, H, H): from v to y, by the number of steps
    delay = (np.arange(k)[:, None] - 1 - np.arange(k)) % k
    N = (sign[:, None] * transfer)[delay].transpose(0, 2, 1, 3).reshape(n, n) + np.eye(n)

    functional = _functional(form)
    seen = (functional @ X)[delay]  # (t, s, H): what functional . z_t receives from v_s
    cuts = (seen[0] - seen[1:]).reshape(k - 1, n)
    size = np.abs(functional).sum()
    scale = max(np.abs(rest).max(initial=0.0), np.abs(h2).max(), np.abs(h1).max(), 1e-300)
    slack = np.zeros(k)
    # Distinct, so that a cycle of a lower order, where all cuts are tight, is not degenerate.
    slack[1:] = 1e-6 * scale * size * (1.0 + np.arange(1, k) / k)

    X_size = np.abs(X).max(axis=0)
    row_error = (np.abs(W2) @ (X_error + gamma * X_size)).max() + 2 * ROUNDOFF * np.abs(N).max()
    cut_error = 2.0 * (np.abs(functional) @ (X_error + gamma * X_size)).max()
    row_error = 1.001 * max(row_error, cut_error + 4 * ROUNDOFF * np.abs(cuts).max(initial=0.0))
    constant_error = (
        1.001
        * (np.abs(W2) @ center_error + gamma * (np.abs(W2) @ np.abs(center) + np.abs(h2))).max()
    )
    reach = np.concatenate([np.tile(np.abs(W2).sum(axis=1), 2 * k), np.full(k - 1, 2.0 * size)])
    offset = np.concatenate([np.tile(np.abs(h2), 2 * k), slack[1:]])
    return Program(
        order=k,
        region=region,
        rows=np.concatenate([N, cuts]),
        constants=np.concatenate([np.tile(rest, k), slack[1:]]),
        row_error=float(row_error),
        constant_error=float(constant_error),
        functional=functional,
        slack=slack,
        reach=reach * (1 + 1e-9),
        offset=offset * (1 + 1e-9),
    )


def _best_reference(form: ReluForm, order: int):
    """Return the first region (H,) with a small response, or the best of a few, and its response.

    None if all systems are singular. An eigenvalue near a root of unity shows in the spectrum;
    G itself may hide it, since the inverse transform drops the imaginary part at the root -1.
    """
    best, smallest = None, np.inf
    for region in _candidates(form.H, DRAWN if form.M <= SMALL else 1):
        spectrum, G = _response(form, region, order)
        size = np.abs(spectrum).max()
        if size < smallest:
            best, smallest = (region, spectrum, G), size
        if size <= GOOD_RESPONSE:
            break
    return best


@cache
def _candidates(H: int, drawn: int) -> np.ndarray:
    """Return the regions that may become the reference, the trivial two first."""
    regions = np.random.default_rng(0).random((drawn, H)) < 0.5
    return np.concatenate([np.zeros((1, H), bool), np.ones((1, H), bool), regions])


def _response(form: ReluForm, region: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Fourier transform of G over the steps, as `rfft` has it, and G (k, M, M).

    Where a system is singular all entries are infinite.
    """
    J = form.A + (form.W1 * region) @ form.W2
    # (w I - J)^{-1} = sum_j w^(-j-1) G(j) at every root of unity w: half of them say all.
    roots, systems = _roots(k, form.M)
    try:
        resolvents = np.linalg.inv(systems - J)
    except np.linalg.LinAlgError:
        return np.full((len(roots), *J.shape), np.inf), np.full((k, *J.shape), np.inf)
    if k == 1:
        return resolvents, resolvents
    spectrum = resolvents * roots[:, None, None]
    G = np.fft.irfft(spectrum, k, axis=0)
    return spectrum, G if np.isfinite(G).all() else np.full(G.shape, np.inf)


@lru_cache(256)
def _roots(k: int, M: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k-th roots of unity w in the upper half plane, and each one's w I (M, M)."""
    roots = np.exp(2j * np.pi * np.arange(k // 2 + 1) / k) if k > 1 else np.ones(1)
    if k % 2 == 0:
        roots[-1] = -1.0
    return roots, roots[:, None, None] * np.eye(M)


def _refined(form: ReluForm, region, spectrum, G, drive) -> tuple[np.ndarray, np.ndarray]:
    """Return X(j) = G(j) drive (k, M, c), and a bound (M, c) of its error for all j.

    With the residual r(j) = X(j) - J X(j - 1) - [j = 0] drive, the error is the true G convolved
    with r; the true G is as far from the computed one as that one's own residual says.
    """
    k, M = G.shape[:2]
    A, W1, W2 = form.A, form.W1 * region, form.W2
    J = A + W1 @ W2
    J_size = np.abs(A) + np.abs(W1) @ np.abs(W2)
    gamma = (M + form.H + 6) * ROUNDOFF

    X = G @ drive
    r = X - J @ X[_before(k)]
    r[0] -= drive
    X = X - (G @ r if k == 1 else np.fft.irfft(spectrum @ np.fft.rfft(r, axis=0), k, axis=0))

    # The residuals of X and of G itself side by side.
    both = np.concatenate([X, G], axis=2)
    source = np.concatenate([drive, np.eye(M)], axis=1)
    before = both[_before(k)]
    r = both - J @ before
    r[0] -= source
    bound = np.abs(r) + gamma * (np.abs(both) + J_size @ np.abs(before))
    bound[0] += gamma * np.abs(source)
    bound = bound.max(axis=0)
    X_bound, G_bound = bound[:, : drive.shape[1]], bound[:, drive.shape[1] :]
    total = np.abs(G).sum(axis=0)
    # |G_true| <= |G| + |G_true| * G_bound, summed over the steps and solved in the row-sum norm.
    shrink = G_bound.sum(axis=1).max() * k
    if not shrink < 0.5:
        return X, np.full(X.shape[1:], np.inf)
    excess = 2.0 * total.sum(axis=1).max() * shrink
    return X, 1.001 * (total @ X_bound + excess * X_bound.max(axis=0))


def _before(k: int) -> np.ndarray:
    """Return the numbers of the steps before 0..k-1 around the cycle."""
    return np.arange(-1, k - 1)


def _functional(form: ReluForm) -> np.ndarray:
    """Return the direction in which a cycle's first point is its largest: all units together."""
    sizes = np.abs(form.W2).sum(axis=1, keepdims=True)
    return (form.W2 / np.where(sizes > 0.0, sizes, 1.0)).sum(axis=0)
