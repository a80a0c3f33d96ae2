"""Tables of numbers as text: CSV of every kind, and columns between spaces."""

from __future__ import annotations

import csv
import io
import warnings
from typing import TYPE_CHECKING

from .errors import ModelFileError

if TYPE_CHECKING:
    import pandas as pd

COMMENT = "#"
SPACES = r"\s+"
LOOKED_AT = 50  # lines, to see what stands between the columns
UNNAMED = "Unnamed: "  # how pandas calls a column without a heading


def read_text_table(
    contents: bytes, delimiter: str | None, decimal: str | None, header: bool | None
) -> pd.DataFrame:
    """Return the table in a text file; what is None is found out from the text.

    Lines that start with # are comments; the last one before the numbers gives the names if it
    has as many as there are columns and the first other line has none.

    Parameters
    ----------
    contents : bytes
        UTF-8, or UTF-16 with its mark.
    delimiter : str, optional
        Between the columns; by default a tab, semicolon, bar or comma, or else spaces.
    decimal : str, optional
        By default a point, or a comma where the columns are not divided by commas and the numbers
        have commas and no points.
    header : bool, optional
        Whether the first line holds names; by default it does if it holds anything but numbers.

    Raises
    ------
    ModelFileError
        If it is no text, or has no rows.
    """
    import pandas as pd

    text = _text(contents)
    lines = [line.strip("\r\n") for line in text.splitlines() if line.strip()]
    rows = [line for line in lines if not line.startswith(COMMENT)][:LOOKED_AT]
    if not rows:
        raise ModelFileError("the file has no rows")
    delimiter = _delimiter_of(rows) if delimiter is None else delimiter
    decimal = _decimal_of(rows[1:] or rows, delimiter) if decimal is None else decimal
    first = _fields(rows[0], delimiter)
    if header is None:
        header = not all(_is_number(field, decimal) for field in first)
    if header and len(rows) == 1:
        raise ModelFileError("the file has a line of names and no rows")
    try:
        with warnings.catch_warnings():
            # Pandas would leave out the columns that have no name, with a warning only.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                header=0 if header else None,
                decimal=decimal,
                comment=COMMENT,
                skipinitialspace=True,
                index_col=False,
            )
    except pd.errors.ParserWarning as warning:
        raise ModelFileError(
            f"the line of names has {len(first)} fields, fewer than the rows below it"
        ) from warning
    if header:
        frame.columns = [str(name).strip() for name in frame.columns]
        return _without_row_numbers(frame)
    names = _names_in_comment(lines, delimiter)
    generic = [f"x[{i}]" for i in range(frame.shape[1])]
    frame.columns = names if names and len(names) == frame.shape[1] else generic
    return frame


def _text(contents: bytes) -> str:
    if contents.startswith((b"\xff\xfe", b"\xfe\xff")):
        return contents.decode("utf-16")
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelFileError(
            "this is no text (UTF-8), and no .npy or .npz file either; read_arrays reads arrays "
            "from MATLAB, HDF5 and PyTorch files, and TimeSeries.of takes them"
        ) from error
    if "\0" in text:
        raise ModelFileError("this is no text, and no .npy or .npz file either")
    return text


def _delimiter_of(rows: list[str]) -> str:
    for delimiter in "\t;|,":
        counts = {len(_fields(row, delimiter)) for row in rows}
        if len(counts) == 1 and counts != {1}:
            return delimiter
    # One column whose name holds a space is no table between spaces.
    even = len({len(row.split()) for row in rows}) == 1
    uneven_commas = any("," in row for row in rows)
    return SPACES if even and not uneven_commas else ","


def _decimal_of(rows: list[str], delimiter: str) -> str:
    together = "".join(rows)
    return "," if delimiter != "," and "," in together and "." not in together else "."


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter == SPACES:
        return line.split()
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def _is_number(field: str, decimal: str) -> bool:
    try:
        float(field.replace(decimal, ".") if field.strip() else "nan")
    except ValueError:
        return False
    return True


def _names_in_comment(lines: list[str], delimiter: str) -> list[str]:
    """Return the names in the last comment before the first row."""
    comments = []
    for line in lines:
        if not line.startswith(COMMENT):
            break
        comments.append(line.lstrip(COMMENT).strip())
    return [name.strip() for name in _fields(comments[-1], delimiter)] if comments else []


def _without_row_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out the index that pandas writes as a first column without a name."""
    first = frame.columns[0]
    counts = first.startswith(UNNAMED) and frame[first].dtype.kind == "i"
    if counts and frame.shape[1] > 1 and (frame[first].diff().dropna() == 1).all():
        return frame.drop(columns=first)
    return frame
