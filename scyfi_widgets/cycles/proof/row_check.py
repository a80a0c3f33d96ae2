"""What a row of a proof shows: the radius within which it excludes every cycle.

A row is any combination, with multipliers lam, mu, nu, of the equations along a cycle

    z_{t+1} - A z_t - W1 x+_t - h1 = 0,  x+_t - x-_t - W2 z_t - h2 = 0,
    s_t - c . (z_0 - z_t) - d . (x+_0 - x+_t) - slack_t = 0

(see `trees`). It reads  sum_t r_t . z_t + p_t . x+_t + m_t . x-_t + nu_t s_t = rho  with

    r_t = lam_{t-1} - A^T lam_t - W2^T mu_t + nu_t c     (t = 0: - sum(nu) c),
    p_t = mu_t - W1^T lam_t + nu_t d     (t = 0: - sum(nu) d),
    m_t = -mu_t,  rho = sum_t lam_t . h1 + mu_t . h2 + nu_t slack_t.

All of x+, x-, s are non-negative, so rho < 0 with r = 0 and non-negative coefficients of all that a
node does not fix to zero is a contradiction. What rounding leaves of r, and coefficients of the
wrong sign, count with the most that |z| <= R allows:  |z| <= R,  x+_j, x-_j <= |W2_j|_1 R + |h2_j|
and  s_t <= 2 |c|_1 R + |d| . (|W2|_1 R + |h2|) + slack_t.  Where the multipliers come from does not
matter.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf

import numpy as np

from ...models.relu_form import ReluForm

ROUNDOFF = 2.0**-53
# In units of ROUNDOFF, what the underflow of a product may lose: added to the terms of a sum.
TINY = np.finfo(np.float64).tiny


def row_radii(form: ReluForm, functional, slack, bits, lam, mu, nu) -> np.ndarray:
    """Return the R of each row, a lower bound whatever the rounding; 0 where it shows nothing.

    A sum of m products, added up in any order, is off by at most gamma_m = m u / (1 - m u) times
    the sum of the products' moduli, u = 2^-53 (Higham, *Accuracy and Stability of Numerical
    Algorithms*, 2002, section 3.1). Every bound below takes m larger than the number of operations.

    Parameters
    ----------
    form : ReluForm
    functional : (M,) or (M + H,) array
        c, or c and d.
    slack : (T,) array
        Non-negative.
    bits : (rows, T, H) array
        0: the node sets x+ to zero, 1: it sets x- to zero, else: neither.
    lam : (rows, T, M) array
    mu : (rows, T, H) array
    nu : (rows, T) array
        Its first column is zero.

    Returns
    -------
    (rows,) array
    """
    A, W1, W2, h1, h2 = form
    T, M, H = lam.shape[1], form.M, form.H
    c, d = split_functional(form, functional)
    gamma_one = gamma(M + H + 2 * T + 20)  # for one coefficient
    gamma_all = gamma(T * (M + H + 1) + 20)  # for sums over all of them
    with np.errstate(all="ignore"):  # what is not finite fails every comparison below
        abs_lam, abs_mu, abs_nu = np.abs(lam), np.abs(mu), np.abs(nu)
        ahead = nu.copy()  # by how much the cuts look at each point
        ahead[:, 0] -= nu.sum(axis=1)
        ahead_size = abs_nu.copy()
        ahead_size[:, 0] += abs_nu.sum(axis=1)
        r = np.roll(lam, 1, axis=1) - _along(lam, A) - _along(mu, W2) + ahead[:, :, None] * c
        size = np.roll(abs_lam, 1, axis=1) + _along(abs_lam, np.abs(A)) + TINY
        size += _along(abs_mu, np.abs(W2)) + ahead_size[:, :, None] * np.abs(c)
        left = (np.abs(r) + gamma_one * size).sum(axis=(1, 2))

        plus_size = abs_mu + _along(abs_lam, np.abs(W1)) + ahead_size[:, :, None] * np.abs(d) + TINY
        plus = mu - _along(lam, W1) + ahead[:, :, None] * d
        plus -= gamma_one * plus_size  # at most the true coefficient
        wrong_plus = np.where(bits == 0, 0.0, np.maximum(-plus, 0.0))
        wrong_minus = np.where(bits == 1, 0.0, np.maximum(mu, 0.0))
        wrong = (wrong_plus + wrong_minus).sum(axis=1)
        wrong_cut = np.maximum(-nu, 0.0)

        rho = (lam @ h1).sum(axis=1) + (mu @ h2).sum(axis=1) + nu @ slack
        rho_size = (abs_lam @ np.abs(h1)).sum(axis=1) + (abs_mu @ np.abs(h2)).sum(axis=1)
        rho_size += abs_nu @ slack + TINY

        reach = np.abs(W2).sum(axis=1)
        slope = left + wrong @ reach
        slope += (2.0 * np.abs(c).sum() + np.abs(d) @ reach) * wrong_cut.sum(axis=1)
        fixed = wrong @ np.abs(h2) + wrong_cut @ (slack + np.abs(d) @ np.abs(h2))
        slope, fixed = (1.0 + gamma_all) * (slope + TINY), (1.0 + gamma_all) * fixed
        room = -(rho + gamma_all * (rho_size + fixed)) - fixed
        return np.where(room > 0.0, (1.0 - 1e-12) * (room / slope), 0.0)


def exact_row_radius(form: ReluForm, functional, slack, bits, lam, mu, nu) -> Fraction | float:
    """Return the exact R of one row (a Fraction or infinity); 0 if it shows nothing.

    The arguments are those of `row_radii` without the axis of rows; all are taken as exact numbers.
    """
    arrays = (*form, *split_functional(form, functional), slack, lam, mu, nu)
    if not all(np.isfinite(array).all() for array in arrays):
        return Fraction(0)
    A, W1, W2, h1, h2, c, d, slack, lam, mu, nu = scaled = integers(*arrays)
    one = scaled.one  # every array is `one` times too large, every product one squared
    ahead = nu.copy()
    ahead[0] -= nu.sum()
    r = one * np.roll(lam, 1, axis=0) - lam @ A - mu @ W2 + ahead[:, None] * c
    plus, minus = one * mu - lam @ W1 + ahead[:, None] * d, -one * mu
    reach, offset = abs(W2).sum(axis=1), abs(h2)
    room = -((lam @ h1).sum() + (mu @ h2).sum() + nu @ slack) * one
    slope = abs(r).sum() * one
    for t in range(len(lam)):
        for j in range(form.H):
            wrong = max(0, -plus[t, j]) if bits[t, j] != 0 else 0
            wrong += max(0, -minus[t, j]) if bits[t, j] != 1 else 0
            slope += wrong * reach[j]
            room -= wrong * offset[j]
        wrong = max(0, -nu[t])
        slope += wrong * (2 * abs(c).sum() * one + abs(d) @ reach)
        room -= wrong * (slack[t] * one + abs(d) @ offset)
    if room <= 0:
        return Fraction(0)
    return inf if slope == 0 else Fraction(int(room), int(slope))


def split_functional(form: ReluForm, functional: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return c (M,) and d (H,) of c . z + d . relu(W2 z + h2), given as [c] or as [c, d]."""
    whole = np.zeros(form.M + form.H)
    whole[: len(functional)] = functional
    return whole[: form.M], whole[form.M :]


class integers(tuple):
    """Arrays of floats as arrays of Python integers, all multiplied by the same power of two."""

    one: int

    def __new__(cls, *arrays: np.ndarray):
        """Scale `arrays` so that every entry is whole; `one` is the factor."""
        ratios = [[float(x).as_integer_ratio() for x in np.ravel(array)] for array in arrays]
        one = max((q for held in ratios for _, q in held), default=1)
        scaled = []
        for array, held in zip(arrays, ratios, strict=True):
            whole = np.empty(len(held), object)
            whole[:] = [p * (one // q) for p, q in held]
            scaled.append(whole.reshape(np.shape(array)))
        result = super().__new__(cls, scaled)
        result.one = one
        return result


def _along(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return rows @ matrix for (n, T, a) and (a, b), as one product."""
    n, T, size = rows.shape
    return (rows.reshape(n * T, size) @ matrix).reshape(n, T, matrix.shape[1])


def gamma(operations: int) -> float:
    """Return gamma_m = m u / (1 - m u) for m operations, rounded up."""
    return operations * ROUNDOFF / (1.0 - operations * ROUNDOFF) * (1.0 + 1e-9)
