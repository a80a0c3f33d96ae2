"""Compiled steps and orbits of the shared form z' = A z + W1 relu(W2 z + h2) + h1."""

from __future__ import annotations

import numpy as np

from ..compiled import kernel

CHECK_EVERY = 256  # steps between two looks at the cancellation flag


@kernel
def step_into(A, W1, W2, h1, h2, z, rectified, out):
    """Write the image of `z` (M,) to `out` (M,); `rectified` (H,) is working memory."""
    M, H = W1.shape
    for j in range(H):
        y = h2[j]
        for i in range(M):
            y += W2[j, i] * z[i]
        rectified[j] = y if y > 0.0 else 0.0
    for i in range(M):
        total = h1[i]
        for m in range(M):
            total += A[i, m] * z[m]
        for j in range(H):
            total += W1[i, j] * rectified[j]
        out[i] = total


@kernel
def fill_orbits(A, W1, W2, h1, h2, orbits, cancel):
    """Continue every orbits[n, 0] through orbits[n, 1:] (n, steps + 1, M); False if cancelled."""
    rectified = np.empty(W1.shape[1])
    for n in range(orbits.shape[0]):
        for t in range(orbits.shape[1] - 1):
            if t % CHECK_EVERY == 0 and cancel[0] != 0:
                return False
            step_into(A, W1, W2, h1, h2, orbits[n, t], rectified, orbits[n, t + 1])
    return True
