"""What the figure of the gradient at a bifurcation shows, as plain arrays: no widget in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...bifurcations.line import Line
from ...cancellation import Cancelled
from ...cycles import Cycle
from ...models import Model
from ...models.relu_form import ReluForm
from ...training.lens.cycle_gradients import cycle_losses
from ...training.lens.lens import EventGradient, GradientLens
from ...training.lens.loss import LensLoss
from ...training.loss import LossFunction

GRID = 301  # values of the weight at which a sequence of finite length is followed
LOOK_EVERY = 16  # steps between two looks at the flag


@dataclass(frozen=True, eq=False)
class Sequences:
    """Loss and gradient norm of a sequence of T steps, over the weight.

    Attributes
    ----------
    values, loss, gradient_norm : (n,) arrays
        Not finite where the orbit overflows.
    beside : dict of int to ((n,) array, (n,) array)
        For the number of each event of the lens: the distances on its left and right at which the
        lens has samples, and the gradient norms of the sequence there.
    """

    values: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    beside: dict[int, dict[int, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """An orbit, and what becomes of a small change of its start and of the weight.

    Attributes
    ----------
    orbit : (T + 1, M) array
    log_product : (T + 1,) array
        Decimal logarithm of the norm of dz_t / dz_0, the product of the Jacobians.
    log_sensitivity : (T + 1,) array
        Decimal logarithm of the norm of dz_t / ds, s the weight; -inf where it is 0.
    """

    orbit: np.ndarray
    log_product: np.ndarray
    log_sensitivity: np.ndarray


@dataclass(frozen=True, eq=False)
class GradientPicture:
    """What is drawn.

    Attributes
    ----------
    lens : GradientLens
    sequences : Sequences
    sensitivity : Sensitivity
        At the present value.
    value : float
        The weight's present value.
    coordinate : int
        The unit that is drawn over time.
    cycle : Cycle or None
        What attracts at the present value.
    gradient_norm : float
        Of a long sequence that has settled on it; NaN where nothing attracts.
    """

    lens: GradientLens
    sequences: Sequences
    sensitivity: Sensitivity
    value: float
    coordinate: int
    cycle: Cycle | None
    gradient_norm: float

    @property
    def nearest(self) -> tuple[int, EventGradient] | None:
        """The event whose law is drawn, with its number.

        The nearest at which the gradient diverges, else the nearest one of all.
        """
        events = list(enumerate(self.lens.events))
        explosive = [each for each in events if each[1].outcome == "diverges"]
        return min(
            explosive or events,
            key=lambda each: abs(each[1].event.value - self.value),
            default=None,
        )


def gradient_here(lens: GradientLens, value: float) -> tuple[Cycle | None, float]:
    """Return the cycle that attracts at a value, and the gradient norm of a long sequence on it.

    None and NaN where none attracts.
    """
    stable = [cycle for cycle in lens.diagram.cycles_at(value) if cycle.stability == "stable"]
    if not stable:
        return None, np.nan
    cycle, line = stable[0], lens.line
    loss = LensLoss.given(line, lens.target[None], lens.observation, lens.of)
    forms = ReluForm(*(array[None] for array in line.at(value).relu_form))
    exact = cycle_losses(forms, cycle.points[None], cycle.word, loss.readout, loss.target)
    return cycle, loss.norm(value, ReluForm(*(array[0] for array in exact.gradient)))


def follow_sequences(
    lens: GradientLens, start: np.ndarray, steps: int, cancel: np.ndarray
) -> Sequences:
    """Return what a sequence of `steps` from `start` tells of the loss that a lens looks at.

    Raises
    ------
    Cancelled
        If the flag was set.
    """
    line = lens.line
    values = np.linspace(line.lo, line.hi, GRID)
    targets = np.tile(lens.target, (steps + 1, 1))
    function = LossFunction(
        line.start, targets, observation=lens.observation, z0=start, cancel=cancel
    )
    chosen = None
    if lens.of == "line" and line.parameter is not None:
        chosen = function.layout.indices(line.parameter)

    def evaluated(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        vectors = np.stack([_weights(line.at(value)) for value in at])
        return function.evaluate_many(vectors, chosen)

    loss, norms = evaluated(values)
    beside = {}
    for number, each in enumerate(lens.events):
        beside[number] = {
            side.direction: evaluated(each.event.value + side.direction * side.distances)[1]
            for side in (each.left, each.right)
            if len(side.distances)
        }
    return Sequences(values, loss, norms, beside)


def _weights(model: Model) -> np.ndarray:
    return np.concatenate([array.ravel() for array in model.parameters.values()])


def sensitivity_of(
    line: Line, value: float, start: np.ndarray, steps: int, cancel: np.ndarray
) -> Sensitivity:
    """Return the orbit at a value of the weight with its derivatives.

    dz_(t+1)/ds = J_t dz_t/ds + (dF/ds)(z_t), with F = A z + W1 relu(W2 z + h2) + h1.

    Raises
    ------
    Cancelled
        If the flag was set.
    """
    model = line.at(value)
    M = model.M
    orbit = model.orbit(start, steps, cancel=cancel)
    A, W1, W2, _, h2 = model.relu_form
    dA, dW1, dW2, dh1, dh2 = (array[1] + 2.0 * value * array[2] for array in line.forms)
    product, change = np.eye(M), np.zeros(M)
    scale, log_product = 0.0, np.zeros(steps + 1)
    log_sensitivity = np.full(steps + 1, -np.inf)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for t in range(steps):
            if t % LOOK_EVERY == 0 and cancel[0]:
                raise Cancelled("sensitivity")
            z = orbit[t]
            y = W2 @ z + h2
            active = (y > 0.0).astype(float)
            jacobian = A + (W1 * active) @ W2
            direct = dA @ z + dW1 @ np.maximum(y, 0.0) + W1 @ (active * (dW2 @ z + dh2)) + dh1
            change = jacobian @ change + direct
            product = jacobian @ product
            size = np.abs(product).max()
            if size > 0.0:  # divided by it, so that it never overflows
                product, scale = product / size, scale + np.log10(size)
            log_product[t + 1] = scale + np.log10(np.linalg.norm(product, 2))
            log_sensitivity[t + 1] = np.log10(np.linalg.norm(change))
    return Sensitivity(orbit, log_product, log_sensitivity)
