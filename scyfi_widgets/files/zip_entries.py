"""A zip archive in memory whose entries cannot grow without bounds."""

from __future__ import annotations

import io
import struct
import zipfile

from .errors import ModelFileError

MAX_TOTAL_BYTES = 1 << 28
_END, _COUNT_PLACE, _COUNTED_ELSEWHERE = b"PK\x05\x06", 10, 0xFFFF


class ZipEntries:
    """The entries of a zip archive, never written to disk.

    Parameters
    ----------
    contents : bytes
        The archive.
    limit : int
        How many bytes it may unpack to.

    Raises
    ------
    ModelFileError
        If an entry is missing that its end counts, or they claim more than `limit` together. No
        entry can yield more than it claims, so this stops a zip bomb before a byte is unpacked.
    zipfile.BadZipFile
        If it is damaged.
    """

    def __init__(self, contents: bytes, limit: int | None = None):
        limit = MAX_TOTAL_BYTES if limit is None else limit
        self._archive = zipfile.ZipFile(io.BytesIO(contents))
        self.names: list[str] = self._archive.namelist()
        _require_all(contents, len(self.names))
        total = sum(entry.file_size for entry in self._archive.infolist())
        if total > limit:
            raise ModelFileError(
                f"the archive unpacks to {total:,} bytes; at most {limit:,} are read"
            )

    def read(self, name: str) -> bytes:
        """Return the bytes of one entry, its checksum verified.

        Raises
        ------
        ModelFileError
            If there is no such entry.
        """
        if name not in self.names:
            raise ModelFileError(f"the archive has no entry {name!r}; the file is damaged")
        return self._archive.read(name)


def _require_all(contents: bytes, found: int) -> None:
    # A damaged length in the directory lets zipfile take the entries that follow for a comment.
    (count,) = struct.unpack_from("<H", contents, contents.rindex(_END) + _COUNT_PLACE)
    if count not in (found, _COUNTED_ELSEWHERE):
        raise ModelFileError(f"the archive counts {count} entries and lists {found}; it is damaged")
