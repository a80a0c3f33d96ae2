"""The loss of a cycle written down once more, for complex weights, to differentiate by them."""

from __future__ import annotations

import numpy as np
import pytest

STEP = 1e-30


def loss_of_word(A, W, h, word, target):
    """Return mean |z - target|² of the cycle that a PLRNN with these weights has in a word."""
    k, M = word.shape
    block, right = np.zeros((k * M, k * M), complex), np.zeros(k * M, complex)
    for i in range(k):
        here, there = slice(i * M, (i + 1) * M), slice((i + 1) % k * M, ((i + 1) % k + 1) * M)
        block[there, there] += np.eye(M)
        block[there, here] -= (np.diag(A) if A.ndim == 1 else A) + W * word[i]
        right[there] = h
    z = np.linalg.solve(block, right).reshape(k, M)
    return ((z - target) ** 2).mean()


@pytest.fixture
def gradient_of_word():
    """Return a function: the gradient of that loss by A, W, h in a row, by complex steps."""

    def gradient(model, word, target=0.0):
        arrays = {name: array.astype(complex) for name, array in model.parameters.items()}
        slopes = []
        for array in arrays.values():
            for index in np.ndindex(array.shape):
                array[index] += 1j * STEP
                slopes.append(loss_of_word(**arrays, word=word, target=target).imag / STEP)
                array[index] -= 1j * STEP
        return np.array(slopes)

    return gradient
