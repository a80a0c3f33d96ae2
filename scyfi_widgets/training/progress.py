"""How far long work is: a bar, a function of the caller's, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .trainer import Trainer

Report = Callable[[int, int], None]

SECONDS_BETWEEN = 0.1
MUCH_MEMORY = 1e8  # bytes of saved networks, from which on the bar tells them


@contextmanager
def reporter(progress: bool | Report | None, work: str, unit: str) -> Iterator[Report]:
    """Yield a function ``(done, total)`` that tells how far the work is.

    Parameters
    ----------
    progress : bool, callable or None
        True shows a bar of tqdm, in a notebook and in a terminal; a callable is called itself.
    work : str
        What is done, as the bar says.
    unit : str
        What is counted.

    Raises
    ------
    TypeError
        If `progress` is anything else.
    """
    if progress is None or progress is False:
        yield lambda done, total: None
    elif progress is True:
        from tqdm.auto import tqdm

        with tqdm(desc=work, unit=unit) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield show
    elif callable(progress):
        yield progress
    else:
        raise TypeError(
            f"progress must be True, False, None or a callable, got {type(progress).__name__}"
        )


@contextmanager
def epoch_reporter(
    progress: bool | Report | None, trainer: Trainer, epochs: int
) -> Iterator[Callable[[], None]]:
    """Yield a function to be called after every epoch; a bar tells the loss as well.

    Parameters and errors are those of `reporter`.
    """
    if progress is not True:
        with reporter(progress, "training", "epoch") as report:
            yield lambda: report(trainer.epoch, epochs)
        return
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
