"""Which parts of a series an epoch learns from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..models.validation import whole_number


@dataclass(frozen=True)
class Batches:
    """Batches of sequences, drawn anew in every epoch, or always the whole series.

    What an epoch draws follows from the seed and the epoch's number alone: a resumed run draws what
    an uninterrupted one does.

    Attributes
    ----------
    states : int
        T, of the series.
    steps : int
        Of a sequence, which has one state more.
    size : int or None
        Sequences of a batch; None: the series, cut into sequences, is always the batch.
    per_epoch : int
    seed : int
    """

    states: int
    steps: int
    size: int | None
    per_epoch: int
    seed: int

    def __post_init__(self):
        if self.size is not None:
            whole_number("batch_size", self.size, 1)
        whole_number("batches_per_epoch", self.per_epoch, 1)
        whole_number("seed", self.seed, 0)

    def of_epoch(self, epoch: int) -> Iterator[np.ndarray | None]:
        """Yield where the sequences of each batch begin (size,); None: where they did."""
        if self.size is None:
            yield from [None] * self.per_epoch
            return
        draw = np.random.default_rng([self.seed, epoch])
        yield from draw.integers(0, self.states - self.steps, (self.per_epoch, self.size))
