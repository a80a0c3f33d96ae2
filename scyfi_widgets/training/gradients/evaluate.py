"""Loss and gradient of a batch of sequences, for one set of parameters or for many."""

from __future__ import annotations

import numpy as np

from ...compiled import kernel, kernel_part
from ..pullback import pull_form, write_form
from .backward import add_form_gradient, pull_back_in_time
from .forward import follow


@kernel_part
def evaluate(
    kind,
    first,
    theta,
    readout,
    targets,
    estimates,
    starts,
    alphas,
    form,
    form_gradient,
    space,
    gradient,
    readout_gradient,
    estimate_gradient,
    start_gradient,
    cancel,
):
    """Return the loss, NaN if cancelled, and write its gradients.

    The loss is the mean of the squared errors over sequences, steps and variables.

    Parameters
    ----------
    kind : int
        Of `scyfi_widgets.training.pullback.kind_of`.
    first : int
    theta : (n,) array
        The architecture's own parameters.
    readout, targets, estimates, alphas
        As in `follow`.
    starts : (B, M) array
    form, form_gradient : TrainingForm, working memory
    space : Workspace, working memory
    gradient : (n,) array, written; empty if it is not wanted
    readout_gradient : (N, M) array, written; (0, 0) if it is not wanted
    estimate_gradient : (M, N) array, written; (0, 0) if it is not wanted
        Without what comes through the starts.
    start_gradient : (B, M) array, written; (0, 0) if it is not wanted
    cancel : (1,) int64 array
    """
    B = targets.shape[0]
    steps, N = space.errors.shape
    factor = 2.0 / (B * steps * N)
    write_form(kind, theta, form)
    transpose(form.W1, space.W1T)
    transpose(form.mixing, space.mixingT)
    clear(form_gradient)
    readout_gradient[...] = 0.0
    estimate_gradient[...] = 0.0
    total = 0.0
    for b in range(B):
        if cancel[0] != 0:
            return np.nan
        for i in range(starts.shape[1]):
            space.path[0, i] = starts[b, i]
        total += follow(
            form, first, readout, targets, estimates, alphas, b, space, readout_gradient, cancel
        )
        if gradient.shape[0] == 0:
            continue
        pull_back_in_time(
            form,
            first,
            readout,
            targets,
            estimates.shape[2],
            alphas,
            b,
            factor,
            space,
            estimate_gradient,
            cancel,
        )
        add_form_gradient(space, form_gradient)
        if start_gradient.shape[0] > 0:
            for i in range(starts.shape[1]):
                start_gradient[b, i] = space.carry[0, i]
    for n in range(readout_gradient.shape[0]):
        for i in range(readout_gradient.shape[1]):
            readout_gradient[n, i] *= factor
    if gradient.shape[0] > 0:
        pull_form(kind, theta, form_gradient, gradient)
    return total / (B * steps * N)


@kernel_part
def transpose(matrix, out):
    """Write the transpose of a matrix to `out`, which may be empty."""
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[j, i] = matrix[i, j]


@kernel_part
def clear(form):
    """Fill a form with zeros; numba unrolls no loop over arrays of different dimension."""
    form.decay[:] = 0.0
    form.mixing[...] = 0.0
    form.W1[...] = 0.0
    form.W2T[...] = 0.0
    form.h1[:] = 0.0
    form.h2[:] = 0.0


@kernel
def evaluate_rows(
    kind,
    first,
    rows,
    chosen,
    readout,
    targets,
    estimates,
    starts,
    alphas,
    form,
    form_gradient,
    space,
    gradient,
    readout_gradient,
    estimate_gradient,
    start_gradient,
    losses,
    norms,
    cancel,
):
    """Write the losses (P,) and gradient norms (P,) of rows of parameters (P, n).

    The norms are taken over the entries `chosen`; they are not written where `gradient` is empty.
    The other arguments are those of `evaluate`; the gradients are those of the last row. It ends
    early if cancelled.
    """
    for p in range(rows.shape[0]):
        losses[p] = evaluate(
            kind,
            first,
            rows[p],
            readout,
            targets,
            estimates,
            starts,
            alphas,
            form,
            form_gradient,
            space,
            gradient,
            readout_gradient,
            estimate_gradient,
            start_gradient,
            cancel,
        )
        if cancel[0] != 0:
            return
        if gradient.shape[0] > 0:
            norms[p] = norm(gradient, chosen)


@kernel
def norm(vector, chosen):
    """Return the Euclidean norm of some entries; it overflows only where an entry has."""
    largest = 0.0
    for k in chosen:
        if not np.isfinite(vector[k]):
            return vector[k] * vector[k]
        largest = max(largest, abs(vector[k]))
    if largest == 0.0:
        return 0.0
    total = 0.0
    for k in chosen:
        ratio = vector[k] / largest
        total += ratio * ratio
    return largest * np.sqrt(total)
