"""Sets of cycles as NumPy archives, with the proof that they are complete.

The layout: `format` and `version`; `settings`, a JSON text with all that is a number or a text;
and the arrays. A field of all cycles is one array, or for arrays that differ in shape their entries
one after the other (``cycles.points``) and their shapes (``cycles.points.shape``). The arrays of
tree 0 of the certificate are ``tree0.splits`` and so on.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..cycles.continuum import Continuum
from ..cycles.cycle import Cycle
from ..cycles.cycle_set import CycleSet
from ..cycles.proof.certificate import Certificate, CycleTree, PrefixTree
from ..whole import npz_path, write_whole
from .contents import read_contents
from .errors import ModelFileError, errors_about
from .npz import read_npz, require_version

FORMAT = "scyfi_widgets.cycles"
VERSION = 1
_TREES = {tree.__name__: tree for tree in (CycleTree, PrefixTree)}
_LISTS = {"cycles": Cycle, "continua": Continuum}


def save_cycles(cycles: CycleSet, path: str | os.PathLike) -> None:
    """Write a set of cycles to an .npz file, exactly: `load_cycles` returns an equal set.

    The certificate goes with it, so that `verify` can check the set anywhere. The file appears
    whole or not at all.

    Parameters
    ----------
    cycles : CycleSet
    path : path
        Where to write; it must end in ``.npz``. An existing file is replaced.

    Raises
    ------
    TypeError
        If `cycles` is no CycleSet.
    ValueError
        If `path` does not end in .npz.
    OSError
        If the folder does not exist or cannot be written.
    """
    if not isinstance(cycles, CycleSet):
        raise TypeError(f"cycles must be a CycleSet, got {type(cycles).__name__}")
    arrays: dict[str, np.ndarray] = {}
    settings: dict[str, Any] = {}
    for field in fields(CycleSet):
        value = getattr(cycles, field.name)
        if field.name in _LISTS:
            settings[field.name] = len(value)
            for column in fields(_LISTS[field.name]):
                name = f"{field.name}.{column.name}"
                _put(arrays, name, [getattr(item, column.name) for item in value])
        elif field.name == "certificate":
            settings["certificate"] = None if value is None else _certificate(arrays, value)
        else:
            settings[field.name] = value
    arrays["format"] = np.array(FORMAT)
    arrays["version"] = np.array(VERSION)
    arrays["settings"] = np.array(json.dumps(settings))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(npz_path(path), buffer.getvalue())


def load_cycles(path: str | os.PathLike) -> CycleSet:
    """Read a set of cycles that `save_cycles` wrote.

    What it says is not checked here: `verify` does that.

    Parameters
    ----------
    path : path

    Returns
    -------
    CycleSet

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is damaged or truncated, or not such a file. It is a ValueError.
    """
    path = Path(path)
    contents = read_contents(path)
    with errors_about(path):
        if not contents.startswith(b"PK\x03\x04"):
            raise ModelFileError("this is no .npz file of save_cycles")
        arrays = read_npz(contents)
        settings = _settings(arrays)
        values: dict[str, Any] = {}
        for field in fields(CycleSet):
            value = settings[field.name]
            if field.name in _LISTS:
                kind = _LISTS[field.name]
                columns = [_get(arrays, f"{field.name}.{f.name}", value) for f in fields(kind)]
                value = tuple(kind(*item) for item in zip(*columns, strict=True))
            elif field.name == "certificate" and value is not None:
                value = _read_certificate(arrays, value)
            values[field.name] = value
        return CycleSet(**values)


def _settings(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    if "format" not in arrays or str(arrays["format"]) != FORMAT:
        raise ModelFileError("this is no file of save_cycles: its key 'format' does not say so")
    require_version(arrays, VERSION)
    settings = json.loads(str(arrays["settings"]))
    wrong = [
        name
        for name, kinds in (
            ("max_order", (int,)),
            ("complete_up_to", (int,)),
            ("searched_up_to", (int,)),
            ("method", (str,)),
            ("seed", (int, type(None))),
            ("stopped", (str, type(None))),
            ("seconds", (float, int)),
            ("cycles", (int,)),
            ("continua", (int,)),
        )
        if type(settings[name]) not in kinds
    ]
    if wrong:
        raise ModelFileError(f"its settings hold no valid {' and '.join(wrong)}")
    return settings


def _put(arrays: dict[str, np.ndarray], name: str, values: list) -> None:
    if values and isinstance(values[0], np.ndarray):
        arrays[name] = np.concatenate([value.ravel() for value in values])
        arrays[f"{name}.shape"] = np.array([value.shape for value in values], np.int64)
    elif values:
        arrays[name] = np.array(values)
        if arrays[name].dtype.kind not in "biufU":
            raise TypeError(f"{name} holds {type(values[0]).__name__}, which cannot be saved")


def _get(arrays: dict[str, np.ndarray], name: str, count: int) -> list:
    if count == 0:
        return []
    flat = arrays[name]
    if flat.ndim != 1:
        raise ModelFileError(f"{name} must be one row of values, got shape {flat.shape}")
    if f"{name}.shape" not in arrays:
        if len(flat) != count:
            raise ModelFileError(f"{name} holds {len(flat)} values for {count}")
        return flat.tolist()
    shapes = arrays[f"{name}.shape"]
    if shapes.dtype.kind not in "iu" or shapes.ndim != 2 or len(shapes) != count:
        raise ModelFileError(f"{name}.shape must hold {count} shapes")
    sizes = [int(np.prod(shape, dtype=object)) for shape in shapes]
    if shapes.min(initial=0) < 0 or sum(sizes) != len(flat):
        raise ModelFileError(f"{name} holds {len(flat)} values, its shapes need {sum(sizes)}")
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return [part.reshape(shape).copy() for part, shape in zip(parts, shapes, strict=True)]


def _certificate(arrays: dict[str, np.ndarray], certificate: Certificate) -> dict[str, Any]:
    trees = []
    for place, tree in enumerate(certificate.trees):
        scalars = {"kind": type(tree).__name__}
        for field in fields(tree):
            value = getattr(tree, field.name)
            if isinstance(value, np.ndarray):
                arrays[f"tree{place}.{field.name}"] = value
            else:
                scalars[field.name] = value
        trees.append(scalars)
    rest = {f.name: getattr(certificate, f.name) for f in fields(certificate) if f.name != "trees"}
    return {**rest, "trees": trees}


def _read_certificate(arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Certificate:
    trees = []
    for place, scalars in enumerate(settings["trees"]):
        kind = _TREES[scalars["kind"]]
        values = {
            field.name: scalars[field.name]
            if field.name in scalars
            else arrays[f"tree{place}.{field.name}"]
            for field in fields(kind)
        }
        trees.append(kind(**values))
    return Certificate(**{**settings, "trees": tuple(trees)})
