"""The loss over the plane of two weights, in one quiet tone: a map to draw curves on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...bifurcations.planes.parameter_plane import ParameterPlane
from ...cancellation import Cancelled, expiring_flag
from ...training import (
    Forcing,
    FreeRunning,
    GeneralizedTeacherForcing,
    LossLandscape,
    Observation,
    SparseTeacherForcing,
    TimeSeries,
    TrainingRun,
    refined_landscapes,
)
from ...training.landscape.landscape import AXES
from ..png import palette_png
from .replay_live import ReplayScene

# By falling cost; the first whose multiplications are within the budget is computed.
GRIDS = ((161, 121), (121, 89), (81, 61), (57, 41), (41, 33), (25, 17))
BUDGET = 1.5e10  # multiplications: some ten seconds
PIXELS = 480, 384  # width and height of the picture
TONE = 0x7A, 0x86, 0xA6  # of heights: lies between the papers of both themes, and recedes
DEEPEST = 190  # of 255: the opacity of what is highest
LOWEST, HIGHEST = 0.01, 0.9  # the parts of the points at which the scale of colours ends
DECADES = 8.0  # of the scale, at most
QUANTITIES = {"loss": "loss", "gradient norm": "gradient_norm"}

_OPACITIES = np.round(np.linspace(0.0, DEEPEST, 256)).astype(np.uint8)
PALETTE = np.column_stack([np.tile(np.array(TONE, np.uint8), (256, 1)), _OPACITIES])


@dataclass(frozen=True)
class SurfaceQuestion:
    """All that a surface depends on; two that are equal have the same surface.

    Attributes
    ----------
    plane : ParameterPlane
        Its model has both weights at their lower ends.
    data : TimeSeries
    forcing : Forcing
    observation : Observation
    sequence_length : int
    z0 : tuple of float, optional
    """

    plane: ParameterPlane
    data: TimeSeries
    forcing: Forcing
    observation: Observation
    sequence_length: int
    z0: tuple[float, ...] | None

    @classmethod
    def of(cls, run: TrainingRun, epoch: int, plane: ParameterPlane) -> SurfaceQuestion | str:
        """Return the question of a saved epoch, or why there is no surface."""
        if run.data is None:
            return "no surface: the run does not hold its data"
        if len(run.data) < 2:
            return "no surface: the data are a single state"
        if not run.epochs:
            return "no surface before the first epoch"
        corner = replace(plane, model=plane.at(*plane.lo))
        z0 = run.settings.get("z0")
        length = run.settings.get("sequence_length") or len(run.data)
        return cls(
            plane=corner,
            data=run.data,
            forcing=forcing_at(run, epoch),
            observation=run.observation_at(epoch),
            sequence_length=min(int(length), len(run.data)),
            z0=None if z0 is None else tuple(z0),
        )

    @property
    def grid(self) -> tuple[int, int]:
        """How many values of both weights can be afforded."""
        model = self.plane.model
        each = 3.0 * len(self.data) * model.M * (model.M + 2.0 * model.H)
        affordable = (shape for shape in GRIDS if shape[0] * shape[1] * each <= BUDGET)
        return next(affordable, GRIDS[-1])


@dataclass(frozen=True, eq=False)
class Surface:
    """A landscape as a picture.

    Attributes
    ----------
    landscape : LossLandscape
    quantity : str
        One of `QUANTITIES`.
    png : bytes
        Over the whole plane.
    low, high : float
        Where the scale of colours ends; both NaN where nothing is finite.
    """

    landscape: LossLandscape
    quantity: str
    png: bytes
    low: float
    high: float


@dataclass(frozen=True)
class _Known:
    question: SurfaceQuestion
    landscape: LossLandscape
    looks: int  # how often it became finer
    finished: bool


class SurfaceGrowth:
    """Ever finer landscapes of one question; those of the last one are kept."""

    def __init__(self):
        self._known: _Known | None = None

    def knows(self, question: SurfaceQuestion) -> bool:
        """Whether there is a landscape for an answer."""
        return self._known is not None and self._known.question == question

    def landscapes(
        self, scene: ReplayScene, question: SurfaceQuestion
    ) -> Iterator[tuple[LossLandscape, bool]]:
        """Yield landscapes, each with whether a finer one is sought.

        Raises
        ------
        Cancelled
            If a newer scene comes.
        """
        looks = 0
        if self.knows(question):
            known = self._known
            looks = known.looks
            yield known.landscape, not known.finished
            if known.finished:
                return
        plane = question.plane
        axes = zip(plane.names, zip(plane.lo, plane.hi, strict=True), strict=True)
        with expiring_flag(scene.proof_limit or None) as expired:
            finer = refined_landscapes(
                plane.model,
                question.data,
                *axes,
                forcing=question.forcing,
                shape=question.grid,
                of=AXES,
                observation=question.observation,
                sequence_length=question.sequence_length,
                z0=question.z0,
                cancel=scene.cancel,
            )
            for look, found in enumerate(finer, 1):
                if scene.cancelled:
                    break
                if look > looks:
                    self._known = _Known(question, found, look, False)
                    yield found, True
                if expired[0] or scene.proof_limit == 0:
                    break
        if scene.cancelled:
            raise Cancelled("loss landscape")
        self._known = replace(self._known, finished=True)
        yield self._known.landscape, False


def forcing_at(run: TrainingRun, epoch: int) -> Forcing:
    """Return the forcing under which a run was trained in an epoch, as far as it tells."""
    strength = run.alpha[min(epoch, run.epochs - 1)]
    if np.isfinite(strength):
        return GeneralizedTeacherForcing(float(strength))
    told = re.fullmatch(r"SparseTeacherForcing\(interval=(\d+)\)", str(run.settings.get("forcing")))
    return FreeRunning() if told is None else SparseTeacherForcing(int(told[1]))


def forcing_text(forcing: Forcing) -> str:
    """Return a forcing in words."""
    if isinstance(forcing, GeneralizedTeacherForcing):
        return f"forced with α = {forcing.alpha:.3g}"
    if isinstance(forcing, SparseTeacherForcing):
        return f"forced every {forcing.interval} steps"
    return "free running"


def compose_surface(landscape: LossLandscape, quantity: str) -> Surface:
    """Return the picture of a landscape: the higher, the deeper the tone; clear where nothing is.

    Heights are on a logarithmic scale, which ends where a few points would take most of it.
    """
    heights = getattr(landscape, QUANTITIES[quantity])
    low, high = scale_ends(heights)
    if not np.isfinite(low):
        return Surface(landscape, quantity, _png(np.where(np.isnan(heights), 0.0, 1.0)), low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.log(heights / low) / np.log(high / low)
    tones = np.where(np.isnan(heights), 0.0, np.clip(part, 0.0, 1.0))  # what is infinite is high
    return Surface(landscape, quantity, _png(tones), low, high)


def scale_ends(heights: np.ndarray) -> tuple[float, float]:
    """Return the ends of the scale of colours, NaN where no height is finite and positive."""
    shown = heights[np.isfinite(heights) & (heights > 0.0)]
    if not shown.size:
        return np.nan, np.nan
    low, high = (float(np.quantile(shown, part)) for part in (LOWEST, HIGHEST))
    high = min(
        high, low * 10.0**DECADES
    )  # where it is low it is of interest, not where it explodes
    return (low, high) if high > low * (1.0 + 1e-9) else (low / 2.0, 2.0 * low)


def _png(tones: np.ndarray) -> bytes:
    """Return tones (n2, n1) in [0, 1], rows upwards, as a picture of the whole plane."""
    width, height = PIXELS
    rows, columns = tones.shape
    across = (np.arange(width) + 0.5) / width * (columns - 1)
    down = (np.arange(height) + 0.5) / height * (rows - 1)
    left = np.minimum(across.astype(int), columns - 2)
    below = np.minimum(down.astype(int), rows - 2)
    wide = tones[:, left] + (tones[:, left + 1] - tones[:, left]) * (across - left)
    full = wide[below] + (wide[below + 1] - wide[below]) * (down - below)[:, None]
    return palette_png(np.round(255.0 * full[::-1]).astype(np.uint8), PALETTE)
