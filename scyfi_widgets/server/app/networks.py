"""The teacher's own networks: how the server's command hands them to the visitors' kernels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

VARIABLE = "SCYFI_WIDGETS_APP_NETWORKS"  # a JSON list of files, in the environment of the kernels
UNREADABLE = 4  # the exit status of `prepare` when a file holds no network


def names_of(files: Sequence[Path]) -> list[str]:
    """Return a name for each file: its own where that tells them apart, else its whole path."""
    stems = Counter(file.stem for file in files)
    return [file.stem if stems[file.stem] == 1 else str(file) for file in files]
