"""Products of vectors and matrices, in loops over contiguous memory."""

from __future__ import annotations

from ...compiled import kernel_part

# A sum in any order and fused products: lets LLVM use whole vector registers. NaN and infinity keep
# their meaning, since a divergence must be seen.
LIBERTIES = frozenset({"reassoc", "contract", "nsz"})


@kernel_part(fastmath=LIBERTIES)
def dot(rows, i, x, t, length):
    """Return sum_j rows[i, j] x[t, j] over the first `length` entries."""
    total = 0.0
    for j in range(length):
        total += rows[i, j] * x[t, j]
    return total


@kernel_part(fastmath=LIBERTIES)
def add_transposed_product(rows, x, t, length, out, s):
    """Add rows^T x[t] to the first `length` entries of out[s]; rows is (m, length) at least."""
    m = rows.shape[0]
    i = 0
    # Four rows at a time: out is read and written a quarter as often.
    while i + 4 <= m:
        a, b, c, d = x[t, i], x[t, i + 1], x[t, i + 2], x[t, i + 3]
        for j in range(length):
            out[s, j] += (
                a * rows[i, j] + b * rows[i + 1, j] + c * rows[i + 2, j] + d * rows[i + 3, j]
            )
        i += 4
    while i < m:
        a = x[t, i]
        for j in range(length):
            out[s, j] += a * rows[i, j]
        i += 1


@kernel_part(fastmath=LIBERTIES)
def add_outer_products(left, right, steps, length, out):
    """Add sum_t left[t, i] right[t, j] to out[i, j], j below `length`, over the first `steps` t."""
    t = 0
    while t + 4 <= steps:
        for i in range(out.shape[0]):
            a, b, c, d = left[t, i], left[t + 1, i], left[t + 2, i], left[t + 3, i]
            for j in range(length):
                out[i, j] += (
                    a * right[t, j]
                    + b * right[t + 1, j]
                    + c * right[t + 2, j]
                    + d * right[t + 3, j]
                )
        t += 4
    while t < steps:
        for i in range(out.shape[0]):
            a = left[t, i]
            for j in range(length):
                out[i, j] += a * right[t, j]
        t += 1


@kernel_part(fastmath=LIBERTIES)
def add_columns(rows, steps, out):
    """Add sum_t rows[t, i] to out[i] over the first `steps` t."""
    for t in range(steps):
        for i in range(out.shape[0]):
            out[i] += rows[t, i]


@kernel_part(fastmath=LIBERTIES)
def add_products(left, right, steps, out):
    """Add sum_t left[t, i] right[t, i] to out[i] over the first `steps` t."""
    for t in range(steps):
        for i in range(out.shape[0]):
            out[i] += left[t, i] * right[t, i]
