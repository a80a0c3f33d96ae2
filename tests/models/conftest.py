"""Networks to test with: one of each architecture, and any at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import scyfi_widgets as sw

# Multiples of 1/8: sums and products are exact, so that no state is on the wrong side of a border.
eighths = st.integers(-16, 16).map(lambda n: n / 8)


def eighths_array(*shape):
    return arrays(np.float64, shape, elements=eighths)


@st.composite
def _any_model(draw):
    M, H = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    kind = draw(st.sampled_from(sw.models.ARCHITECTURES))
    A = draw(eighths_array(M))
    if kind in (sw.ShallowPLRNN, sw.ClippedShallowPLRNN):
        return kind(A, *(draw(eighths_array(*shape)) for shape in ((M, H), (H, M), (M,), (H,))))
    W, h = draw(eighths_array(M, M)), draw(eighths_array(M))
    if kind is sw.AlmostLinearRNN:
        return kind(A, W, h, draw(st.integers(1, M)))
    A = draw(st.one_of(st.just(A), eighths_array(M, M)))
    if kind is sw.DendriticPLRNN:
        return kind(A, W, h, draw(eighths_array(H)), draw(eighths_array(M, H)))
    return kind(A, W, h)


@pytest.fixture(scope="session")
def any_model():
    """Return a strategy for models of every architecture with weights in multiples of 1/8."""
    return _any_model()


@pytest.fixture(scope="session")
def eighth_states():
    """Return a function from a shape to a strategy for states in multiples of 1/8."""
    return eighths_array


@pytest.fixture
def networks():
    """Return one network of each architecture with the arguments that made it."""
    rng = np.random.default_rng(11)
    M, H, B = 3, 4, 2
    linear = {"A": rng.normal(size=M), "W": rng.normal(size=(M, M)), "h": rng.normal(size=M)}
    hidden = {
        "A": rng.normal(size=M),
        "W1": rng.normal(size=(M, H)),
        "W2": rng.normal(size=(H, M)),
        "h1": rng.normal(size=M),
        "h2": rng.normal(size=H),
    }
    bases = {"alpha": rng.normal(size=B), "theta": rng.normal(size=(M, B))}
    arguments = {
        sw.PLRNN: linear,
        sw.ShallowPLRNN: hidden,
        sw.ClippedShallowPLRNN: hidden,
        sw.DendriticPLRNN: linear | bases,
        sw.AlmostLinearRNN: linear | {"n_relu": 2},
    }
    return {kind: (kind(**given), given) for kind, given in arguments.items()}
