"""Progress of long work: a callable, a bar, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[int, int], None]


@contextmanager
def reporter(progress: bool | Report | None, total: int, unit: str) -> Iterator[Report]:
    """Yield a function ``(done, total)`` that tells how far the work is.

    Parameters
    ----------
    progress : bool, callable or None
        True shows a bar of tqdm, in a notebook and in a terminal; a callable is called itself.
    total : int
    unit : str
        What is counted, for the bar.

    Raises
    ------
    TypeError
        If `progress` is anything else.
    """
    if progress is None or progress is False:
        yield lambda done, total: None
    elif progress is True:
        from tqdm.auto import tqdm

        with tqdm(total=total, unit=unit) as bar:
            yield lambda done, total: bar.update(done - bar.n) and None
    elif callable(progress):
        yield progress
    else:
        raise TypeError(
            f"progress must be True, False, None or a callable, got {type(progress).__name__}"
        )
