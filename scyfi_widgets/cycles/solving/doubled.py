"""Sums and products of doubles without loss: a number is held as hi + lo (Dekker 1971).

Nothing here may be compiled with ``fastmath``: the compiler would remove the errors as zeros.
"""

from __future__ import annotations

from ...compiled import kernel_part

UNIT = 2.0**-53  # largest relative error of one rounding
SPLIT = 134217729.0  # 2^27 + 1


@kernel_part
def two_sum(a, b):
    """Return the rounded a + b and its error."""
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


@kernel_part
def two_product(a, b):
    """Return the rounded a b and its error; NaN for factors beyond 1e300."""
    p = a * b
    x = SPLIT * a
    a_hi = x - (x - a)
    a_lo = a - a_hi
    x = SPLIT * b
    b_hi = x - (x - b)
    b_lo = b - b_hi
    return p, a_lo * b_lo - (((p - a_hi * b_hi) - a_lo * b_hi) - a_hi * b_lo)


@kernel_part
def add_product(hi, lo, a, b_hi, b_lo):
    """Return hi + lo + a (b_hi + b_lo): in a sum of n terms t the error is (2 n u)^2 Σ|t|."""
    p, p_error = two_product(a, b_hi)
    s, s_error = two_sum(hi, p)
    return s, lo + (s_error + (p_error + a * b_lo))
