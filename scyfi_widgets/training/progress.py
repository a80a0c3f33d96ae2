"""How far a training is, and how well it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .trainer import Trainer

SECONDS_BETWEEN = 0.1
MUCH_MEMORY = 1e8  # bytes of saved networks, from which on the bar tells them


@contextmanager
def epoch_reporter(
    progress: bool | Callable[[int, int], None] | None, trainer: Trainer, epochs: int
) -> Iterator[Callable[[], None]]:
    """Yield a function to be called after every epoch.

    Parameters
    ----------
    progress : bool, callable or None
        True shows a bar of tqdm, in a notebook and in a terminal, with the loss; a callable is
        called as ``progress(epoch, epochs)``.
    trainer : Trainer
    epochs : int

    Raises
    ------
    TypeError
        If `progress` is anything else.
    """
    if progress is None or progress is False:
        yield lambda: None
    elif progress is True:
        from tqdm.auto import tqdm

        with tqdm(total=epochs, initial=trainer.epoch, unit="epoch") as bar:
            shown = 0.0

            def show(least: float = SECONDS_BETWEEN) -> None:
                # Text costs more than a small epoch does: not every epoch is shown.
                nonlocal shown
                now = time.perf_counter()
                if now - shown >= least and trainer.epoch > bar.n:
                    shown = now
                    told = {"loss": f"{trainer.loss:.3g}"}
                    if trainer.memory > MUCH_MEMORY:
                        told["saved"] = f"{trainer.memory / 1e6:,.0f} MB"
                    bar.set_postfix(told, refresh=False)
                    bar.update(trainer.epoch - bar.n)

            try:
                yield show
            finally:
                show(0.0)
    elif callable(progress):
        yield lambda: progress(trainer.epoch, epochs)
    else:
        raise TypeError(
            f"progress must be True, False, None or a callable, got {type(progress).__name__}"
        )
