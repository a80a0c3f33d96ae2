"""The door: every bifurcation that a training crosses, step by step, exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from ...bifurcations.compile import compile_bifurcations
from ...cancellation import Cancelled, expiring_flag, new_flag
from ...cycles.find import compile_method
from ...models import Model
from ...models.validation import require_seconds, whole_number
from ..progress import reporter
from ..run import TrainingRun
from .cache import StepCache, shared_cache
from .chaining import chained
from .corners import places_of, places_without_corners
from .exponent import compile_exponent
from .measures import border_margins, spectral_radii
from .path import path_of
from .run_bifurcations import RunBifurcations
from .survey import Survey
from .walk import Walk, default_workers

LYAPUNOV_STEPS = 2_000


def bifurcations_along(
    run: TrainingRun | Sequence[Model],
    max_order: int = 8,
    *,
    every: int = 1,
    enumerate_every: int = 1,
    lyapunov_steps: int = LYAPUNOV_STEPS,
    workers: int | None = None,
    cache: StepCache | None = None,
    time_limit: float | None = None,
    progress: bool | Callable[[int, int], None] = False,
    cancel: np.ndarray | None = None,
) -> RunBifurcations:
    """Find every bifurcation on the way of a training through parameter space.

    From one saved network to the next the path is a straight line on which all weights move, and
    each cycle of a word is an exact function of the place on it. So the fractional epoch of an
    event is a root, found to rounding; a cycle keeps its number from epoch to epoch through every
    persistence. What happens at a saved network itself, to 1e-8 of the weights, is found once, on
    a line that cuts this corner; so are networks that differ by less than 1e-9 taken for one.

    For one and two states the words that are real anywhere on a step are enumerated with a proof,
    so no event is missed. Above, the complete sets of single networks are enumerated as far as
    0.1 s each allow, and searched beyond, those inside steps of more than 2 % of the weights' size
    as well; each cycle is followed from there both ways to where it ends, together with all that
    it meets. Missed is what lives only between two of these networks and meets no other cycle.

    Parameters
    ----------
    run : TrainingRun or sequence of Model
        Networks in a list have the epochs 0, 1, 2 ...
    max_order : int
        The highest order of a cycle, at least 1.
    every : int
        Look at every so many of the saved networks only, and the last one. The path is then the
        straight lines between those.
    enumerate_every : int
        With three states or more: enumerate the complete sets of every so many networks only.
    lyapunov_steps : int
        Steps of the free run for its Lyapunov exponent; 0 leaves it out.
    workers : int, optional
        Threads; by default as many as there are processors, at most 8. They change no result.
    cache : StepCache, optional
        What is known from before; by default all calls share one of 64 MB. Looking once more at a
        run, or at the same run with more epochs, repeats nothing.
    time_limit : float, optional
        Seconds. What is known by then is returned, up to `RunBifurcations.known_up_to`.
    progress : bool or callable
        True shows a bar; a function is called as ``progress(step, steps)``.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set: what is
        known by then is returned.

    Returns
    -------
    RunBifurcations

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range, or there are fewer than two networks.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023.
    """
    started = time.perf_counter()
    path = path_of(run, every)
    max_order = whole_number("max_order", max_order, 1)
    enumerate_every = whole_number("enumerate_every", enumerate_every, 1)
    lyapunov_steps = whole_number("lyapunov_steps", lyapunov_steps, 0)
    workers = default_workers() if workers is None else whole_number("workers", workers, 1)
    if not isinstance(cache, StepCache | None):
        raise TypeError(f"cache must be a StepCache, got {type(cache).__name__}")
    require_seconds("time_limit", time_limit)
    compile_bifurcations()
    compile_method(path.start, "complete")
    compile_exponent()
    cancel = new_flag() if cancel is None else cancel
    cache = shared_cache if cache is None else cache
    with expiring_flag(time_limit) as expired, reporter(progress, "bifurcations", "step") as report:
        survey = Survey(path, max_order, enumerate_every, cache, cancel, expired)
        walk = Walk(survey, lyapunov_steps)
        walk.look_at_all(workers, report)
        known = survey.known
        finished = known == len(survey.steps)
        try:
            survey.agree(range(known))
            places, open_corners = places_of(survey, known)
        except Cancelled:
            finished = False
            places, open_corners = places_without_corners(survey, known), []
        record, events, doubts = chained(survey, places)
    last = survey.last_row(known)
    stopped = None
    if not finished:
        why = "cancelled" if cancel[0] else f"the time limit of {time_limit:g} s was reached"
        stopped = f"{why} in epoch {path.epochs[last]}"
    sections = survey.sections[:known]
    doubts += [
        f"at epoch {path.epochs[survey.steps[number].first]}: the cycles on both sides differ"
        for number in open_corners
    ]
    return RunBifurcations(
        epochs=path.epochs,
        max_order=max_order,
        events=tuple(sorted(events, key=lambda event: (event.epoch, event.order))),
        cycles=record,
        spectral_radius=spectral_radii(record, path.epochs),
        border_margin=border_margins(record, path),
        lyapunov=np.where(path.epochs <= path.epochs[last], walk.exponents, np.nan),
        path_length=path.length,
        proved=survey.proved_steps(last),
        complete_up_to=survey.complete_orders(last),
        known_up_to=int(path.epochs[last]),
        radius=min((section.radius for section in sections if section.proved), default=0.0),
        every=every,
        unresolved=tuple(doubts),
        stopped=stopped,
        seconds=time.perf_counter() - started,
    )
