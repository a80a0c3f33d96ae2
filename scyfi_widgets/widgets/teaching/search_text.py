"""One step of a search in words and in numbers."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from ...cycles import Cycle
from ...models import Model
from ...models.relu_form import ReluForm
from ..legend import modulus_text
from ..palette import STABILITY_MARKERS, order_colour
from ..projection import Projection
from .formulas import matrix_html, number_text, vector_html, word_html
from .regions import HIDDEN
from .search import LIMIT, MOST_IN_START, RETURNS, SearchStep, region_map, word_map
from .search_picture import SearchPicture, StepPicture

MOST_POINTS = 4  # of a candidate that are written
MOST_CYCLES = 8  # that are listed


def step_html(picture: SearchPicture, step: SearchStep, shown: StepPicture) -> str:
    """Return what happens in a step: what was guessed, what came out, what comes next."""
    lines = [
        f"<b>Step {step.number}</b>, start {step.start}: {_guess(step)}",
        _formula(picture.model, step),
        _verdict(picture, step) + _where(shown),
        _next(picture, step),
    ]
    return f'<div class="sw-here">{"".join(f"<p>{line}</p>" for line in lines if line)}</div>'


def legend_html(picture: SearchPicture, step: SearchStep, answer: bool) -> str:
    """Return which of the complete set were found so far, the signs, and what the plane loses."""
    found = picture.found_by(step)
    known = [cycle for cycle in picture.wanted if cycle.key in found]
    total = len(picture.wanted)
    count = f"found {len(known)} of {total}" if total else "there is no cycle to find"
    items = [f"<b>{count}</b> ({picture.cycles.statement})"]
    for cycle in picture.wanted[:MOST_CYCLES]:
        if cycle.key in found:
            items.append(f"{_sign(cycle)} {cycle.name}, step {found[cycle.key]}")
        elif answer:
            sign = STABILITY_MARKERS[cycle.stability][2]
            items.append(f"{sign} {cycle.stability} {cycle.name}, not yet")
    if total > MOST_CYCLES:
        items.append("…")
    items += ["large ring: a virtual candidate, large disc: a real one", *_lost(picture)]
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def region_exists(form: ReluForm, region: np.ndarray) -> bool:
    """Return whether there is a state whose bits are `region` (H,).

    With fewer units than borders many combinations of sides are those of no state.
    """
    if form.H <= form.M and np.linalg.matrix_rank(form.W2) == form.H:
        return True
    signs = np.where(region, 1.0, -1.0)
    # The largest t <= 1 for which sign (W2 z + h2) >= t has a solution is positive only then.
    rows = np.hstack([-signs[:, None] * form.W2, np.ones((form.H, 1))])
    bounds = [(None, None)] * form.M + [(None, 1.0)]
    target = np.append(np.zeros(form.M), -1.0)
    result = linprog(target, A_ub=rows, b_ub=signs * form.h2, bounds=bounds)
    return bool(result.success and -result.fun > 1e-12)


def _guess(step: SearchStep) -> str:
    if len(step.word) == 1:
        return (
            f"take the map of region {word_html(step.word)} as if it held everywhere, and solve "
            "for its fixed point."
        )
    return (
        f"follow the maps of the regions {word_html(step.word)} in turn as if they held "
        "everywhere, and solve for the cycle."
    )


def _formula(model: Model, step: SearchStep) -> str:
    form = model.relu_form
    plain = np.array_equal(form.W2, np.eye(model.M)) and not form.h2.any()
    letters = ("A + W D", "h") if plain else ("A + W₁ D W₂", "h₁ + W₁ D h₂")
    if len(step.word) == 1:
        matrix, shift = region_map(model, step.word[0])
        name, point = "J", "z"
        where = f"J = {letters[0]}, c = {letters[1]}, D = diag{_bits(step.word[0])}"
    else:
        matrix, shift = word_map(model, step.word)
        name, point = "P", "z₁"
        turns = " ".join("…" if t == "…" else f"J{_sub(t)}" for t in _turns(len(step.word)))
        where = f"P = {turns}, J{_sub('t')} = {letters[0]}"
    left = f"{point} = (I − {name})<sup>−1</sup> c"
    if step.points is None:
        return (
            f"{left}, but I − {name} has no inverse: an eigenvalue of {name} is 1. "
            f'<span class="sw-soft">{where}</span>'
        )
    written = matrix_html(matrix, name)
    middle = ""
    if written != name:
        bracket = f"(I − {written})"
        if model.M == 1:
            bracket = f"(1 − {written})" if matrix[0, 0] >= 0.0 else f"(1 − ({written}))"
        factor = f"({vector_html(shift)})" if model.M == 1 else vector_html(shift)
        middle = f" = {bracket}<sup>−1</sup> {factor}"
    points = ", ".join(vector_html(p) for p in step.points[:MOST_POINTS])
    more = ", …" if len(step.points) > MOST_POINTS else ""
    each = f" = {points}" if len(step.points) == 1 else f"; the cycle is {points}{more}"
    first = "" if len(step.points) == 1 else f" = {vector_html(step.points[0])}"
    return f'{left}{middle}{first}{each}. <span class="sw-soft">{where}</span>'


def _verdict(picture: SearchPicture, step: SearchStep) -> str:
    if step.points is None:
        return "There is no candidate: the maps have no fixed point, or infinitely many."
    one = len(step.word) == 1
    if not step.real:
        lies = word_html(step.regions, step.word)
        subject = "It lies in region" if one else "Its points lie in the regions"
        text = f"{subject} {lies}, not where the guess said: <b>virtual</b>."
        if not all(region_exists(picture.model.relu_form, region) for region in step.word):
            text += " (The guess has a region that no state lies in.)"
        return text
    cycle = next((c for c in picture.wanted if c.key == step.key), None)
    where = "It lies in that very region" if one else "Its points lie in these very regions"
    if cycle is None:
        return f"{where}: <b>real</b>, a cycle of the network."
    text = (
        f"{where}: <b>real</b>. {_sign(cycle)} {_article(cycle)} {cycle.stability} {cycle.name} of "
        "the network, "
        f"largest |λ| {modulus_text(cycle, 4).replace('-', '−')}"
    )
    if cycle.order < len(step.word):
        text += f": of a lower order, gone around {len(step.word) // cycle.order} times"
    before = picture.found_by(step)[step.key]
    return text + (f". It was found in step {before} already." if before < step.number else ".")


def _where(shown: StepPicture) -> str:
    if not shown.outside:
        return ""
    if shown.candidate.shape[1] == 1:
        return " It is outside this window."
    verb = "is" if shown.outside == 1 else "are"
    return f" {shown.outside} of its points {verb} outside this window."


def _next(picture: SearchPicture, step: SearchStep) -> str:
    last = step.number == len(picture.steps)
    anew = "“New start” guesses once more." if last else "Next: a new guess at random."
    if step.end is None:
        return f"Next guess: {word_html(step.regions)}, where it lies."
    if step.end == RETURNS:
        return (
            f"The next guess would be {word_html(step.regions)}, as in step {step.returns_to}: "
            f"the search goes in circles. {anew}"
        )
    if step.end == LIMIT:
        return f"{MOST_IN_START} steps led nowhere. {anew}"
    return anew


def _lost(picture: SearchPicture) -> list[str]:
    """Say what the plane does not show, for more than two units."""
    model, regions = picture.model, picture.regions
    if model.M <= 2 or not isinstance(picture.plane, Projection):
        return []
    x, y = picture.plane.labels
    hidden = model.H - len(regions.visible)
    text = f"only {x} and {y} are drawn"
    if hidden:
        text += (
            f": {hidden} of {model.H} borders are not seen, their bits are {HIDDEN}, and a point "
            "in a tinted cell may be virtual all the same"
        )
    return [text]


def _sign(cycle: Cycle) -> str:
    sign = STABILITY_MARKERS[cycle.stability][2]
    return f'<span style="color:{order_colour(cycle.order)}">{sign}</span>'


def _article(cycle: Cycle) -> str:
    return "An" if cycle.stability[0] in "aeiou" else "A"


def _bits(region: np.ndarray) -> str:
    if len(region) > 6:
        return "(bits)"
    return f"({', '.join(number_text(float(bit)) for bit in region)})"


def _turns(k: int) -> list[str]:
    return [str(t) for t in range(k, 0, -1)] if k <= 4 else [str(k), "…", "1"]


def _sub(text: str) -> str:
    return f"<sub>{text}</sub>"
