"""The gradient of the loss on every attracting cycle along a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...bifurcations.branches import Branch
from ...bifurcations.diagram import Diagram
from ...bifurcations.line import Line
from ...models.relu_form import ReluForm
from .cycle_gradients import cycle_losses
from .loss import LensLoss


@dataclass(frozen=True, eq=False)
class AttractorGradient:
    """Loss and gradient norm of an orbit on one branch of a diagram, where that attracts.

    Attributes
    ----------
    branch, order : int
        The branch's number and the order of its cycle.
    values : (n,) array
        Of the line's parameter.
    loss, gradient_norm : (n,) arrays
        NaN where the branch does not attract.
    """

    branch: int
    order: int
    values: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray


def attractor_gradients(diagram: Diagram, loss: LensLoss) -> tuple[AttractorGradient, ...]:
    """Return the gradient along each branch that attracts anywhere."""
    return tuple(
        _along(branch, diagram.line, loss) for branch in diagram.branches if branch.stable.any()
    )


def _along(branch: Branch, line: Line, loss: LensLoss) -> AttractorGradient:
    values = branch.values
    losses, norms = np.full((2, len(values)), np.nan)
    finite = np.isfinite(branch.points).all(axis=(1, 2))
    for piece, first, last in zip(
        branch.pieces, branch.offsets[:-1], branch.offsets[1:], strict=True
    ):
        # The samples at the ends of a piece are the events themselves, where P may be singular.
        inside = (values[first:last] > piece.start) & (values[first:last] < piece.stop)
        which = first + np.flatnonzero(inside & branch.stable[first:last] & finite[first:last])
        if not len(which):
            continue
        forms = forms_on(line, values[which])
        exact = cycle_losses(forms, branch.points[which], piece.word, loss.readout, loss.target)
        losses[which] = exact.loss
        norms[which] = [
            loss.norm(value, ReluForm(*arrays))
            for value, *arrays in zip(values[which], *exact.gradient, strict=True)
        ]
    return AttractorGradient(branch.number, branch.order, values, losses, norms)


def forms_on(line: Line, values: np.ndarray) -> ReluForm:
    """Return the shared form at the `values` (n,), each array with n as its first axis."""
    powers = np.stack([np.ones_like(values), values, values**2])
    return ReluForm(*(np.tensordot(powers.T, array, axes=1) for array in line.forms))
