"""From an architecture's own parameters to the shared form, and a gradient back.

The own parameters lie one after the other in a vector, arrays in the order of `Model.parameters`,
rows first. One pair of kernels an architecture: `write_…` fills the form, `pull_…` adds up for
every own parameter the gradient with respect to all entries of the form that it stands in.
"""

from __future__ import annotations

from ..compiled import kernel_part
from ..models import (
    PLRNN,
    AlmostLinearRNN,
    ClippedShallowPLRNN,
    DendriticPLRNN,
    Model,
    ShallowPLRNN,
)

_KINDS = (PLRNN, ShallowPLRNN, ClippedShallowPLRNN, DendriticPLRNN, AlmostLinearRNN)
_PLRNN, _SHALLOW, _CLIPPED, _DENDRITIC, _ALMOST_LINEAR = range(len(_KINDS))


def kind_of(model: Model) -> int:
    """Return the number of a model's architecture for `write_form` and `pull_form`.

    Raises
    ------
    TypeError
        If its gradients are not known.
    """
    if type(model) not in _KINDS:
        known = ", ".join(kind.__name__ for kind in _KINDS)
        raise TypeError(
            f"model must be one of {known} to be trained, got a {type(model).__name__}, "
            "whose gradients are not known"
        )
    return _KINDS.index(type(model))


@kernel_part
def write_form(kind, theta, form):
    """Write the parameters `theta` of an architecture into its `form`."""
    if kind == _PLRNN:
        write_plrnn(theta, form)
    elif kind == _SHALLOW:
        write_shallow(theta, form)
    elif kind == _CLIPPED:
        write_clipped(theta, form)
    elif kind == _DENDRITIC:
        write_dendritic(theta, form)
    else:
        write_almost_linear(theta, form)


@kernel_part
def pull_form(kind, theta, gradient, out):
    """Write to `out` the gradient of the own parameters, given that of the form."""
    if kind == _PLRNN:
        pull_plrnn(gradient, out)
    elif kind == _SHALLOW:
        pull_shallow(gradient, out)
    elif kind == _CLIPPED:
        pull_clipped(gradient, out)
    elif kind == _DENDRITIC:
        pull_dendritic(theta, gradient, out)
    else:
        pull_almost_linear(gradient, out)


@kernel_part
def copy_in(theta, place, array):
    """Copy the entries of `array` from theta[place:]; return the place behind them."""
    flat = array.reshape(-1)
    for k in range(flat.shape[0]):
        flat[k] = theta[place + k]
    return place + flat.shape[0]


@kernel_part
def copy_out(array, out, place):
    """Copy the entries of `array` to out[place:]; return the place behind them."""
    flat = array.reshape(-1)
    for k in range(flat.shape[0]):
        out[place + k] = flat[k]
    return place + flat.shape[0]


@kernel_part
def write_linear(theta, form):
    """Copy A, the diagonal or the full matrix; return the place behind it."""
    return copy_in(theta, 0, form.mixing) if form.mixing.size else copy_in(theta, 0, form.decay)


@kernel_part
def pull_linear(gradient, out):
    """Copy the gradient of A; return the place behind it."""
    if gradient.mixing.size:
        return copy_out(gradient.mixing, out, 0)
    return copy_out(gradient.decay, out, 0)


@kernel_part
def write_plrnn(theta, form):
    """A, W, h of z' = A z + W relu(z) + h."""
    place = write_linear(theta, form)
    place = copy_in(theta, place, form.W1)
    copy_in(theta, place, form.h1)


@kernel_part
def pull_plrnn(gradient, out):
    """The gradient of A, W, h."""
    place = pull_linear(gradient, out)
    place = copy_out(gradient.W1, out, place)
    copy_out(gradient.h1, out, place)


@kernel_part
def write_shallow(theta, form):
    """A, W1, W2, h1, h2 of z' = A z + W1 relu(W2 z + h2) + h1."""
    M, H = form.W1.shape
    place = copy_in(theta, 0, form.decay)
    place = copy_in(theta, place, form.W1)
    for j in range(H):
        for i in range(M):
            form.W2T[i, j] = theta[place + j * M + i]
    place = copy_in(theta, place + M * H, form.h1)
    copy_in(theta, place, form.h2)


@kernel_part
def pull_shallow(gradient, out):
    """The gradient of A, W1, W2, h1, h2."""
    M, H = gradient.W1.shape
    place = copy_out(gradient.decay, out, 0)
    place = copy_out(gradient.W1, out, place)
    for j in range(H):
        for i in range(M):
            out[place + j * M + i] = gradient.W2T[i, j]
    place = copy_out(gradient.h1, out, place + M * H)
    copy_out(gradient.h2, out, place)


@kernel_part
def write_clipped(theta, form):
    """A, W1, W2, h1, h2 of z' = A z + W1 [relu(W2 z + h2) - relu(W2 z)] + h1."""
    M, L = form.W1.shape[0], form.W1.shape[1] // 2
    place = copy_in(theta, 0, form.decay)
    for i in range(M):
        for j in range(L):
            form.W1[i, j] = theta[place + i * L + j]
            form.W1[i, L + j] = -form.W1[i, j]
    place += M * L
    for j in range(L):
        for i in range(M):
            form.W2T[i, j] = theta[place + j * M + i]
            form.W2T[i, L + j] = form.W2T[i, j]
    place = copy_in(theta, place + M * L, form.h1)
    for j in range(L):
        form.h2[j] = theta[place + j]
        form.h2[L + j] = 0.0


@kernel_part
def pull_clipped(gradient, out):
    """The gradient of A, W1, W2, h1, h2: W1 stands twice, once negative, and W2 twice."""
    M, L = gradient.W1.shape[0], gradient.W1.shape[1] // 2
    place = copy_out(gradient.decay, out, 0)
    for i in range(M):
        for j in range(L):
            out[place + i * L + j] = gradient.W1[i, j] - gradient.W1[i, L + j]
    place += M * L
    for j in range(L):
        for i in range(M):
            out[place + j * M + i] = gradient.W2T[i, j] + gradient.W2T[i, L + j]
    place = copy_out(gradient.h1, out, place + M * L)
    for j in range(L):
        out[place + j] = gradient.h2[j]


@kernel_part
def write_dendritic(theta, form):
    """A, W, h, alpha, theta of z' = A z + W sum_b alpha_b relu(z - theta_b) + h."""
    M, bases = form.W1.shape[0], form.W1.shape[1] // form.W1.shape[0]
    W = write_linear(theta, form)
    slopes = copy_in(theta, W + M * M, form.h1)
    thresholds = slopes + bases
    for i in range(M):
        for b in range(bases):
            for m in range(M):
                form.W1[i, b * M + m] = theta[slopes + b] * theta[W + i * M + m]
            form.h2[b * M + i] = -theta[thresholds + i * bases + b]


@kernel_part
def pull_dendritic(theta, gradient, out):
    """The gradient of A, W, h, alpha, theta: W1 holds alpha_b W, h2 holds -theta."""
    M, bases = gradient.W1.shape[0], gradient.W1.shape[1] // gradient.W1.shape[0]
    W = pull_linear(gradient, out)
    slopes = copy_out(gradient.h1, out, W + M * M)
    thresholds = slopes + bases
    out[W : W + M * M] = 0.0
    out[slopes:thresholds] = 0.0
    for i in range(M):
        for b in range(bases):
            for m in range(M):
                share = gradient.W1[i, b * M + m]
                out[W + i * M + m] += theta[slopes + b] * share
                out[slopes + b] += theta[W + i * M + m] * share
            out[thresholds + i * bases + b] = -gradient.h2[b * M + i]


@kernel_part
def write_almost_linear(theta, form):
    """A, W, h of z' = A z + W phi(z) + h: the linear columns of W go to `mixing`."""
    M, P = form.W1.shape
    place = copy_in(theta, 0, form.decay)
    for i in range(M):
        for m in range(M - P):
            form.mixing[i, m] = theta[place + i * M + m]
        for p in range(P):
            form.W1[i, p] = theta[place + i * M + M - P + p]
    copy_in(theta, place + M * M, form.h1)


@kernel_part
def pull_almost_linear(gradient, out):
    """The gradient of A, W, h."""
    M, P = gradient.W1.shape
    place = copy_out(gradient.decay, out, 0)
    for i in range(M):
        for m in range(M - P):
            out[place + i * M + m] = gradient.mixing[i, m]
        for p in range(P):
            out[place + i * M + M - P + p] = gradient.W1[i, p]
    copy_out(gradient.h1, out, place + M * M)
