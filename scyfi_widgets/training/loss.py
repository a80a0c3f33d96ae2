"""The loss of a network on data, and its exact gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..cancellation import Cancelled, new_flag
from ..models import Model
from ..models.validation import real_array, require_shape, whole_number
from .forcing import Forcing, FreeRunning, checked_forcing
from .gradients.evaluate import evaluate_rows
from .gradients.form import new_form, new_workspace
from .layout import ParameterLayout
from .observation import Observation
from .pullback import kind_of
from .series import TimeSeries

_NOTHING = np.zeros((0, 0))
FREE = FreeRunning()


def loss_and_gradient(
    model: Model,
    data: TimeSeries | ArrayLike,
    forcing: Forcing = FREE,
    *,
    observation: Observation | ArrayLike | None = None,
    sequence_length: int | None = None,
    begins: Sequence[int] | None = None,
    z0: ArrayLike | None = None,
    cancel: np.ndarray | None = None,
) -> tuple[float, dict[str, np.ndarray]]:
    """Return the loss and its exact gradient, by back-propagation through time.

    From the state z_0 that the first datum x_0 of a sequence tells, z_t = F(z'_{t-1}), where z' is
    the state after forcing; the loss is the mean over sequences, over t = 1, 2 ... and over the N
    variables of (g(z_t) - x_t)^2. Where B is learned, z_0 and the estimates that force depend on it
    through its pseudo-inverse, and the gradient holds that too.

    Parameters
    ----------
    model : Model
    data : TimeSeries, or (T,) or (T, N) array
    forcing : Forcing
        A strength that changes in training has its first value.
    observation : Observation or (N, M) array, optional
        How data are read from states; a matrix is a learned readout. By default the first N units
        are the data.
    sequence_length : int, optional
        States of a sequence, at least 2; by default the whole series is one.
    begins : sequence of int, optional
        Where the sequences begin; by default one after the other, each with the last state of the
        one before.
    z0 : (M,) array, optional
        The state at every sequence's start, in place of the estimate from x_0.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.

    Returns
    -------
    loss : float
        Infinite or NaN where the orbit overflows.
    gradient : dict of str to array
        One array for each of ``model.parameters``, and ``"B"`` if it is learned.

    Raises
    ------
    Cancelled
        If the flag was set.
    TypeError, ValueError
        If an argument is not of its kind or does not fit the others.
    """
    function = LossFunction(
        model,
        data,
        forcing,
        observation=observation,
        sequence_length=sequence_length,
        z0=z0,
        cancel=cancel,
    )
    if begins is not None:
        function.take(begins)
    loss = function.evaluate()
    gradient = function.layout.split(function.gradient)
    return loss, {name: array.copy() for name, array in gradient.items()}


class LossFunction:
    """The loss as a function of all parameters in one vector, with memory that it keeps.

    Not for two threads at a time: make one for each.

    Parameters
    ----------
    model, data, forcing, observation, sequence_length, z0, cancel
        As in `loss_and_gradient`.

    Attributes
    ----------
    layout : ParameterLayout
        Where each parameter stands in the vector.
    theta : (n,) array
        The parameters, those of `model` at first; to be written to.
    gradient : (n,) array
        The gradient at the last evaluation that asked for one.
    strengths : (S + 1,) array
        Strength of forcing before each of the S steps; to be written to.
    """

    def __init__(
        self,
        model: Model,
        data: TimeSeries | ArrayLike,
        forcing: Forcing = FREE,
        *,
        observation: Observation | ArrayLike | None = None,
        sequence_length: int | None = None,
        z0: ArrayLike | None = None,
        cancel: np.ndarray | None = None,
    ):
        if not isinstance(model, Model):
            raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
        self.model = model
        self.data = TimeSeries.of(data)
        self.forcing = checked_forcing(forcing)
        self.observation = checked_observation(observation, model, self.data)
        self.layout = ParameterLayout(model, self.observation)
        self.theta = self.layout.join(model, self.observation)
        self.gradient = np.zeros(self.layout.size)
        self.cancel = new_flag() if cancel is None else cancel
        T, M, N = len(self.data), model.M, self.data.dims
        if T < 2:
            raise ValueError(f"data must have at least 2 states, got {T}")
        length = T if sequence_length is None else sequence_length
        self.steps = whole_number("sequence_length", length, 2, T) - 1
        self.strengths = self.forcing.strengths(self.steps, self.forcing.alpha_at(0))
        self._z0 = None if z0 is None else real_array("z0", z0, 1)
        if self._z0 is not None:
            require_shape("z0", self._z0, (M,), f"a network of {M} units")
        self._kind = kind_of(model)
        self._form, self._first = new_form(model)
        self._form_gradient, _ = new_form(model)
        self._space = new_workspace(model, self.steps, N)
        network = self.layout.network
        self._network, self._network_gradient = self.theta[network], self.gradient[network]
        B, learned = self.observation.B, self.observation.learned
        self._readout = _NOTHING if B is None else B.copy()
        self._readout_gradient, self._estimate_gradient = _NOTHING, _NOTHING
        if learned:
            self._readout = self.theta[network.stop :].reshape(N, M)
            self._readout_gradient = self.gradient[network.stop :].reshape(N, M)
            self._estimate_gradient = np.zeros((M, N))
        self._starts = _NOTHING
        self._loss, self._unused = np.empty(1), np.empty(1)
        self._none_chosen = np.zeros(0, np.int64)
        self.take(range(0, T - self.steps, self.steps))

    def take(self, begins: Sequence[int]) -> None:
        """Choose the sequences by the places of their first states.

        Raises
        ------
        TypeError, ValueError
            If a place is not a whole number, or its sequence does not fit into the series.
        """
        begins = np.asarray(begins)
        if begins.ndim != 1 or begins.size == 0 or begins.dtype.kind not in "iu":
            raise TypeError("begins must be a sequence of whole numbers, at least one")
        last = len(self.data) - 1 - self.steps
        if begins.min() < 0 or begins.max() > last:
            raise ValueError(f"begins must be between 0 and {last}, got {begins.tolist()}")
        self._gather(begins)

    def _gather(self, begins: np.ndarray) -> None:
        if len(begins) != len(self._starts):
            self._make_room(len(begins))
        places = begins[:, None] + np.arange(self.steps + 1)
        np.take(self.data.values, places, axis=0, out=self.targets, mode="clip")
        if self.observation.B is not None:
            if not self.observation.learned:
                self._estimate(self.observation.inverse)
        elif self._z0 is None:
            self._starts[:, : self.data.dims] = self.targets[:, 0]

    def _make_room(self, B: int) -> None:
        M, N, rows = self.model.M, self.data.dims, self.steps + 1
        self.targets = np.empty((B, rows, N))
        self._estimates = self.targets if self.observation.B is None else np.empty((B, rows, M))
        self._starts = np.zeros((B, M))
        if self._z0 is not None:
            self._starts[:] = self._z0
        self._start_gradient = np.zeros((B, M)) if self.observation.learned else _NOTHING

    def _estimate(self, inverse: np.ndarray) -> None:
        np.matmul(self.targets, inverse.T, out=self._estimates)
        if self._z0 is None:
            self._starts[:] = self._estimates[:, 0]

    @property
    def model_here(self) -> Model:
        """The network at `theta`."""
        arrays = self.layout.split(self.theta)
        return self.model.replace({name: arrays[name] for name in self.model.parameters})

    @property
    def estimates(self) -> np.ndarray:
        """The states (B, S + 1, K) of the first K units, as data and the present B tell them."""
        if self.observation.learned:
            self._estimate(np.linalg.pinv(self._readout))
        return self._estimates

    def evaluate(self, *, gradient: bool = True) -> float:
        """Return the loss at `theta`, and write its gradient to `gradient` unless not wanted.

        Raises
        ------
        Cancelled
            If the flag was set.
        """
        learned = self.observation.learned
        if learned:
            inverse = np.linalg.pinv(self._readout)
            self._estimate(inverse)
        self._evaluate(
            self._network[None],
            self._network_gradient if gradient else self._network_gradient[:0],
            (self._readout_gradient, self._estimate_gradient, self._start_gradient),
            self._none_chosen,
            self._loss,
            self._unused,
        )
        if learned and gradient:
            total = self._estimate_gradient
            if self._z0 is None:
                total = total + self._start_gradient.T @ self.targets[:, 0]
            self._readout_gradient += pull_through_inverse(self._readout, inverse, total)
        return float(self._loss[0])

    def evaluate_many(
        self, vectors: np.ndarray, chosen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return losses and gradient norms at many sets of the network's own parameters.

        It runs without the interpreter's lock. A learned readout stays at its present value.

        Parameters
        ----------
        vectors : (P, n) array
            One set of the network's own parameters a row, as in ``theta[layout.network]``.
        chosen : int array, optional
            The entries over which the norm is taken (`ParameterLayout.indices`), by default all.

        Returns
        -------
        losses, norms : (P,) arrays
            Not finite where an orbit overflows.

        Raises
        ------
        Cancelled
            If the flag was set.
        ValueError
            If `vectors` has another width.
        """
        vectors = np.ascontiguousarray(vectors, np.float64)
        n = self._network.size
        if vectors.ndim != 2 or vectors.shape[1] != n:
            raise ValueError(f"vectors must have shape (P, {n}), got {vectors.shape}")
        if self.observation.learned:
            self._estimate(np.linalg.pinv(self._readout))
        losses, norms = np.empty(len(vectors)), np.empty(len(vectors))
        self._evaluate(
            vectors,
            np.zeros(n),
            (_NOTHING, _NOTHING, _NOTHING),
            np.arange(n) if chosen is None else np.asarray(chosen, np.int64),
            losses,
            norms,
        )
        return losses, norms

    def _evaluate(
        self,
        rows: np.ndarray,
        gradient: np.ndarray,
        other_gradients: tuple[np.ndarray, np.ndarray, np.ndarray],
        chosen: np.ndarray,
        losses: np.ndarray,
        norms: np.ndarray,
    ) -> None:
        """Fill `losses` and `norms`, and the gradients of the last row; see `evaluate_rows`."""
        evaluate_rows(
            self._kind,
            self._first,
            rows,
            chosen,
            self._readout,
            self.targets,
            self._estimates,
            self._starts,
            self.strengths,
            self._form,
            self._form_gradient,
            self._space,
            gradient,
            *other_gradients,
            losses,
            norms,
            self.cancel,
        )
        if self.cancel[0] != 0:
            raise Cancelled("loss")


def pull_through_inverse(B: np.ndarray, inverse: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return the gradient (N, M) with respect to B, given that (M, N) of its pseudo-inverse P.

    While the rank of B stays, dP = -P dB P + P P' dB' (I - B P) + (I - P B) dB' P' P.

    References
    ----------
    Golub, Pereyra, *The differentiation of pseudo-inverses and nonlinear least squares problems
    whose variables separate*, SIAM J. Numer. Anal. 10 (1973) 413-432, eq. 4.12.
    """
    N, M = B.shape
    P, G = inverse, gradient
    beside, below = np.eye(N) - B @ P, np.eye(M) - P @ B
    return -P.T @ G @ P.T + beside @ G.T @ P @ P.T + P.T @ P @ G.T @ below


def checked_observation(
    observation: Observation | ArrayLike | None, model: Model, data: TimeSeries
) -> Observation:
    """Return an Observation that fits a model and data; None is the first N units.

    Raises
    ------
    TypeError, ValueError
        If it is not one, or does not fit.
    """
    if observation is None:
        return Observation(model.M, data.dims)
    if not isinstance(observation, Observation):
        observation = Observation.linear(observation)
    if (model.M, data.dims) != (observation.M, observation.N):
        raise ValueError(
            f"observation must lead from the {model.M} units of the network to the {data.dims} "
            f"variables of the data, got {observation!r}"
        )
    return observation
