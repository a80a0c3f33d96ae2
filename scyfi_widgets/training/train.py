"""Training a network on data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..models import Model
from ..models.validation import whole_number
from .forcing import Forcing
from .loss import FREE
from .observation import Observation
from .optimizers import Optimizer
from .progress import epoch_reporter
from .run import TrainingRun
from .schedules import Schedule
from .series import TimeSeries
from .trainer import ADAM, CONSTANT, Trainer


def train(
    model: Model,
    data: TimeSeries | ArrayLike,
    forcing: Forcing = FREE,
    *,
    epochs: int = 1000,
    trainable: Sequence[str] | str | None = None,
    optimizer: Optimizer = ADAM,
    schedule: Schedule = CONSTANT,
    clip: float | None = None,
    sequence_length: int | None = None,
    batch_size: int | None = None,
    batches_per_epoch: int = 1,
    observation: Observation | ArrayLike | str | None = None,
    z0: ArrayLike | None = None,
    seed: int = 0,
    save_every: int = 1,
    progress: bool | Callable[[int, int], None] = True,
    on_epoch: Callable[[Trainer], None] | None = None,
    cancel: np.ndarray | None = None,
    resume: TrainingRun | None = None,
) -> TrainingRun:
    """Train a network by gradient descent and return the whole run.

    The loss is the mean of (g(z_t) - x_t)^2 over sequences, over t = 1, 2 ... and over variables,
    its gradient exact: see `loss_and_gradient`. An interrupt (Ctrl-C, or a notebook's stop button)
    ends the training with the run so far, and so do numbers that are not finite;
    `TrainingRun.stopped` says which.

    Parameters
    ----------
    model : Model
        The start, of any architecture.
    data : TimeSeries, or (T,) or (T, N) array
        Used as they are; `TimeSeries.standardised` scales them.
    forcing : FreeRunning, SparseTeacherForcing or GeneralizedTeacherForcing
    epochs : int
        In all, those of a resumed run counted.
    trainable : sequence of str, optional
        What is trained: arrays such as ``"A"``, entries such as ``"W[0,1]"``, the readout ``"B"``;
        by default all.
    optimizer : SGD, Adam or RAdam
    schedule : ExponentialRate, CosineRate or StepRate, optional
        Of the learning rate, by default constant.
    clip : float, optional
        The gradient of a batch is scaled down to this Euclidean norm where it is longer. A free
        run that grows from step to step has gradients up to 1e100 and more: without a limit, an
        optimiser that remembers squares would stand still ever after.
    sequence_length : int, optional
        States of a sequence, by default the whole series.
    batch_size : int, optional
        Sequences of a batch, drawn at random; by default the whole series is the batch, cut into
        sequences where `sequence_length` asks for it.
    batches_per_epoch : int
        Steps of the optimiser in one epoch.
    observation : Observation, (N, M) array or "linear", optional
        How data are read from states: a matrix is a learned readout B, "linear" one that is drawn.
        By default the first N units are the data.
    z0 : (M,) array, optional
        The state at the start of the whole series, by default estimated from its first datum.
    seed : int
        Seed of all that is drawn.
    save_every : int
        Epochs between two saved networks; the first and the last are always saved.
    progress : bool or callable
        True shows a bar with the loss, in a notebook and in a terminal; a callable is called as
        ``progress(epoch, epochs)``.
    on_epoch : callable, optional
        Called with the `Trainer` after each epoch, whose `alpha` and `learning_rate` it may set and
        which it may `stop`.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the training when it is set.
    resume : TrainingRun, optional
        A run of this model on these data to go on with. With the same settings it gives the same
        numbers as a run that was not interrupted.

    Returns
    -------
    TrainingRun
        After a divergence the last network is the one that could not be evaluated; an earlier one,
        ``run.model(epoch)``, is the start of another attempt.

    Raises
    ------
    KeyError
        If `trainable` names what does not exist.
    TypeError, ValueError
        If an argument is not of its kind or does not fit the others.
    """
    trainer = Trainer(
        model,
        data,
        forcing,
        trainable=trainable,
        optimizer=optimizer,
        schedule=schedule,
        clip=clip,
        sequence_length=sequence_length,
        batch_size=batch_size,
        batches_per_epoch=batches_per_epoch,
        observation=observation,
        z0=z0,
        seed=seed,
        save_every=save_every,
        cancel=cancel,
        resume=resume,
    )
    epochs = whole_number("epochs", epochs, trainer.epoch)
    try:
        with epoch_reporter(progress, trainer, epochs) as report:
            while trainer.epoch < epochs and trainer.advance():
                report()
                if on_epoch is not None:
                    on_epoch(trainer)
    except KeyboardInterrupt:
        trainer.stop(f"interrupted in epoch {trainer.epoch}")
    return trainer.run()
