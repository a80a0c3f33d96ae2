"""Which files make up a training run, and which epoch each of them is."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from .contents import SUFFIXES
from .errors import ModelFileError

Source = str | os.PathLike | Iterable[str | os.PathLike]

_NUMBER = re.compile(r"\d+")
_AFTER_EPOCH = re.compile(r"(?<![a-z])(epochs?|ep|e)[\W_]*$", re.IGNORECASE)
_LARGEST = 1 << 53
_SHOWN = 3


def files_of_run(source: Source) -> list[Path]:
    """Return the files, or folders of .npy files, that a source names.

    Parameters
    ----------
    source : path, pattern such as ``"run/model_*.pt"``, or several paths
        Of a folder, all files whose suffix tells that they can be read and all folders of .npy
        files are taken, and if some have a number in their name, only those; of a pattern, all that
        match it.

    Returns
    -------
    list of Path
        In natural order (2 before 10), or as given.

    Raises
    ------
    FileNotFoundError
        If there is nothing of that name.
    TypeError
        If `source` is no path and holds no paths.
    ModelFileError
        If a folder holds nothing that can be read.
    """
    if not isinstance(source, (str, os.PathLike)):
        return _several(source)
    path = Path(source)
    if path.is_dir() and not holds_npy(path):
        inside = sorted(path.iterdir(), key=natural)
        found = [p for p in inside if not p.name.startswith(".") and _readable(p)]
        if not found:
            raise ModelFileError(
                f"{path.name}: the folder holds no file that can be read ({', '.join(SUFFIXES)}), "
                "and no folder of .npy files"
            )
        return [p for p in found if _NUMBER.search(p.stem)] or found
    if path.exists():
        return [path]
    if glob.has_magic(str(source)):
        found = [Path(name) for name in glob.glob(str(source), recursive=True)]
        if found:
            return sorted(found, key=natural)
    raise FileNotFoundError(f"there is no file, folder or match of {str(source)!r}")


def holds_npy(folder: Path) -> bool:
    """Tell whether a folder holds arrays as .npy files of its own."""
    return any(p.suffix.lower() == ".npy" for p in folder.iterdir())


def natural(path: Path) -> list[tuple[str, int]]:
    """Return a key that sorts paths so that 2 comes before 10."""
    texts = _NUMBER.split(path.as_posix())
    numbers = [int(number) for number in _NUMBER.findall(path.as_posix())]
    return list(zip(texts, [*numbers, -1], strict=True))


def labels_of(paths: Sequence[Path]) -> list[str]:
    """Return what to call each path in an error: what is not common to all, at least the name."""
    parents = {path.parent for path in paths}
    if len(parents) == 1:
        return [path.name for path in paths]
    common = os.path.commonpath([os.path.abspath(parent) for parent in parents])
    return [Path(os.path.relpath(os.path.abspath(path), common)).as_posix() for path in paths]


def epochs_of_files(labels: Sequence[str]) -> np.ndarray | None:
    """Return the epoch that is in the name of each file, or None where no name has a number.

    The names must be the same but for their numbers. Where several numbers change from file to
    file, the epoch is the one after "epoch" or the like.

    Raises
    ------
    ModelFileError
        If the names are of several kinds, or none of the numbers is known to be the epoch.
    """
    # The suffix is no part of it: "net.h5" is not epoch 5.
    stems = [label.removesuffix(Path(label).suffix) for label in labels]
    patterns: dict[str, list[str]] = {}
    for label, stem in zip(labels, stems, strict=True):
        patterns.setdefault(_NUMBER.sub("*", stem) + Path(label).suffix, []).append(label)
    if not any(_NUMBER.search(stem) for stem in stems):
        return None
    if len(patterns) > 1:
        kinds = ", ".join(f"{kind} ({len(found)})" for kind, found in list(patterns.items())[:6])
        first, second = list(patterns.values())[:2]
        raise ModelFileError(
            f"{first[0]} and {second[0]} are not of one series; the names are of these kinds: "
            f'{kinds}. Pass one as a pattern, load_run("folder/{next(iter(patterns))}"), or the '
            "list of files with epochs="
        )
    numbers = np.array([[*map(int, _NUMBER.findall(stem))] for stem in stems], dtype=object)
    changing = np.flatnonzero((numbers != numbers[0]).any(axis=0))
    if len(changing) != 1:
        texts = _NUMBER.split(stems[0])
        candidates = changing if len(changing) else range(numbers.shape[1])
        named = [place for place in candidates if _AFTER_EPOCH.search(texts[place])]
        changing = named if len(named) == 1 else changing
    if len(changing) > 1:
        raise ModelFileError(
            f"{labels[0]}: {len(changing)} numbers change from file to file, and no single one is "
            "called the epoch: pass epochs=, one number for each file"
        )
    column = numbers[:, changing[0] if len(changing) else -1]
    if column.max() > _LARGEST:
        raise ModelFileError(f"{labels[int(np.argmax(column))]}: {column.max()} is no epoch")
    return column.astype(np.int64)


def require_regular(epochs: np.ndarray, labels: Sequence[str], gaps: bool) -> None:
    """Raise unless sorted epochs differ from one another, and none is missing but where `gaps` may.

    Where more than half of the steps from one epoch to the next are equal, a longer one means that
    a file is missing.

    Raises
    ------
    ModelFileError
        Naming the files.
    """
    steps = np.diff(epochs)
    if (steps == 0).any():
        place = int(np.argmax(steps == 0))
        raise ModelFileError(
            f"{labels[place]} and {labels[place + 1]} are both of epoch {epochs[place]}"
        )
    if gaps or len(steps) < 3:
        return
    values, counts = np.unique(steps, return_counts=True)
    usual = int(values[np.argmax(counts)])
    gaps = np.flatnonzero(steps > usual)
    if 2 * counts.max() <= len(steps) or not len(gaps):
        return
    place = int(gaps[0])
    before, after = int(epochs[place]), int(epochs[place + 1])
    missing = range(before + usual, after, usual)
    told = ", ".join(map(str, missing[:_SHOWN])) + (" …" if len(missing) > _SHOWN else "")
    more = f", and there are {len(gaps) - 1} more gaps" if len(gaps) > 1 else ""
    raise ModelFileError(
        f"{labels[place + 1]}: epoch{'s' * (len(missing) > 1)} {told} missing after "
        f"{labels[place]} (the others are {usual} apart{more}); pass gaps=True to read the rest"
    )


def _several(source: Iterable) -> list[Path]:
    try:
        paths = [Path(item) for item in source]
    except TypeError as error:
        raise TypeError(
            f"source must be a path, a pattern or a list of paths, got {source!r}"
        ) from error
    if not paths:
        raise ModelFileError("the list of files is empty")
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file {str(path)!r}")
    return paths


def _readable(path: Path) -> bool:
    if path.is_dir():
        return holds_npy(path)
    return path.suffix.lower() in SUFFIXES
