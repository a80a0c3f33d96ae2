"""A training run as named arrays, exactly, and back: the layout of its file.

``format`` and ``version``; ``settings``, a JSON text with all that is a number or a text;
``parameter.A`` and so on, the saved networks; ``loss`` and the other curves; ``data.values`` and
what else belongs to the series; ``state.`` and the arrays that resuming needs.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..models import ARCHITECTURES
from .observation import Observation
from .run import CURVES, TrainerState, TrainingRun
from .series import TimeSeries

FORMAT = "scyfi_widgets.run"
VERSION = 1
_DATA, _PARAMETER, _STATE = "data.", "parameter.", "state."


def run_arrays(run: TrainingRun) -> dict[str, np.ndarray]:
    """Return a run as arrays of numbers and text, every bit of it kept.

    Raises
    ------
    TypeError
        If `run` is no TrainingRun, or its settings hold what JSON does not know.
    """
    if not isinstance(run, TrainingRun):
        raise TypeError(f"run must be a TrainingRun, got {type(run).__name__}")
    facts: dict[str, Any] = {
        "architecture": type(run.start).__name__,
        "options": dict(run.start.options),
        "observation": {"N": run.observation.N, "learned": run.observation.learned},
        "settings": run.settings,
        "stopped": run.stopped,
        "seconds": run.seconds,
        "data": None,
        "state": None,
    }
    arrays = {f"{_PARAMETER}{name}": rows for name, rows in run.parameters.items()}
    arrays |= {name: getattr(run, name) for name in (*CURVES, "saved_epochs")}
    if run.observation.B is not None:
        arrays["readout"] = run.observation.B
    if run.readouts is not None:
        arrays["readouts"] = run.readouts
    if run.data is not None:
        facts["data"] = {
            "names": list(run.data.names),
            "time_step": run.data.time_step,
            "label": run.data.label,
        }
        for name in ("values", "mean", "scale"):
            arrays[f"{_DATA}{name}"] = getattr(run.data, name)
    if run.state is not None:
        facts["state"] = run.state.values
        arrays |= {f"{_STATE}{name}": array for name, array in run.state.arrays.items()}
    return {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "settings": np.array(json.dumps(facts)),
        **arrays,
    }


def run_from_arrays(arrays: dict[str, np.ndarray]) -> TrainingRun:
    """Return the run that `run_arrays` took apart.

    Raises
    ------
    ValueError
        If an entry is missing, has another shape, or the format is another.
    """
    if str(arrays.get("format")) != FORMAT:
        raise ValueError(f"this is no training run: its entry 'format' is not {FORMAT!r}")
    version = arrays.get("version")
    if version is None or version.shape != () or version.dtype.kind not in "iu":
        raise ValueError("the entry 'version', a whole number, is missing")
    if int(version) != VERSION:
        raise ValueError(
            f"it was written as version {version}; this scyfi_widgets reads version {VERSION}"
        )
    facts = _facts(arrays)
    kinds = {kind.__name__: kind for kind in ARCHITECTURES}
    if facts["architecture"] not in kinds:
        raise ValueError(f"the architecture {facts['architecture']!r} is unknown")
    parameters = {
        name[len(_PARAMETER) :]: _numbers(arrays, name)
        for name in arrays
        if name.startswith(_PARAMETER)
    }
    if not parameters or any(not len(np.atleast_1d(rows)) for rows in parameters.values()):
        raise ValueError("it holds no network")
    try:
        start = kinds[facts["architecture"]](
            **{name: rows[0] for name, rows in parameters.items()}, **facts["options"]
        )
    except (TypeError, IndexError) as error:
        raise ValueError(f"its parameters do not fit the architecture: {error}") from error
    return TrainingRun(
        start=start,
        parameters=parameters,
        saved_epochs=_numbers(arrays, "saved_epochs", "iu"),
        **{name: _numbers(arrays, name) for name in CURVES},
        data=_data(arrays, facts["data"]),
        observation=_observation(arrays, facts["observation"], start.M),
        readouts=_numbers(arrays, "readouts") if "readouts" in arrays else None,
        settings=facts["settings"],
        stopped=facts["stopped"],
        seconds=float(facts["seconds"]),
        state=_state(arrays, facts["state"]),
    )


def _facts(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    try:
        facts = json.loads(str(arrays["settings"]))
    except (KeyError, json.JSONDecodeError) as error:
        raise ValueError("the entry 'settings', a JSON text, is missing or damaged") from error
    kinds = {
        "architecture": str,
        "options": dict,
        "observation": dict,
        "settings": dict,
        "stopped": (str, type(None)),
        "seconds": (int, float),
        "data": (dict, type(None)),
        "state": (dict, type(None)),
    }
    if not isinstance(facts, dict):
        raise ValueError("the entry 'settings' must be a JSON object")
    wrong = [name for name, kind in kinds.items() if not isinstance(facts.get(name, ...), kind)]
    if wrong:
        raise ValueError(f"its settings hold no valid {' and '.join(wrong)}")
    return facts


def _numbers(arrays: dict[str, np.ndarray], name: str, kinds: str = "f") -> np.ndarray:
    if name not in arrays:
        raise ValueError(f"the entry {name!r} is missing")
    if arrays[name].dtype.kind not in kinds:
        raise ValueError(f"the entry {name!r} must hold numbers, got {arrays[name].dtype}")
    return arrays[name]


def _data(arrays: dict[str, np.ndarray], facts: dict[str, Any] | None) -> TimeSeries | None:
    if facts is None:
        return None
    values = {name: _numbers(arrays, f"{_DATA}{name}") for name in ("values", "mean", "scale")}
    try:
        return TimeSeries(
            **values,
            names=tuple(facts["names"]),
            time_step=facts["time_step"],
            label=facts["label"],
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"its data are damaged: {error}") from error


def _observation(arrays: dict[str, np.ndarray], facts: dict[str, Any], M: int) -> Observation:
    try:
        B = _numbers(arrays, "readout") if "readout" in arrays else None
        return Observation(M, facts["N"], B, bool(facts["learned"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"its observation is damaged: {error}") from error


def _state(arrays: dict[str, np.ndarray], values: dict[str, Any] | None) -> TrainerState | None:
    if values is None:
        return None
    names = [name for name in arrays if name.startswith(_STATE)]
    return TrainerState({name[len(_STATE) :]: arrays[name] for name in names}, values)
