"""The one exception for files that hold no readable network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ModelFileError(ValueError):
    """A file holds no network that can be read; the message says why, and what to pass or do."""


@contextmanager
def errors_about(path: Path | str) -> Iterator[None]:
    """Turn whatever a file's content provokes into a ModelFileError that names the file.

    A Path is named by its last part, a text as it is. That a library is missing is not the file's
    fault: an ImportError passes.

    Content is hostile until it is parsed, and the parsers of others (zipfile, zlib, SciPy) raise a
    dozen different types on damaged bytes; a caller should have to catch one.
    """
    name = path.name if isinstance(path, Path) else path
    try:
        yield
    except ImportError:
        raise
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error
    except Exception as error:
        raise ModelFileError(
            f"{name}: the file is damaged or truncated ({type(error).__name__}: {error})"
        ) from error
