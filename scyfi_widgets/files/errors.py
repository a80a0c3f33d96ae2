"""The one exception for files that hold no readable network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ModelFileError(ValueError):
    """A file holds no network that can be read; the message says why, and what to pass or do."""


@contextmanager
def errors_about(path: Path) -> Iterator[None]:
    """Turn whatever a file's content provokes into a ModelFileError that names the file.

    Content is hostile until it is parsed, and the parsers of others (zipfile, zlib, SciPy) raise a
    dozen different types on damaged bytes; a caller should have to catch one.
    """
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{path.name}: {error}") from error
    except Exception as error:
        raise ModelFileError(
            f"{path.name}: the file is damaged or truncated ({type(error).__name__}: {error})"
        ) from error
