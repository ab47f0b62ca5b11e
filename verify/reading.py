"""Bytes of files that nobody vouches for: as many as such a file may have, whatever it is."""

from __future__ import annotations

from pathlib import Path

from verify.errors import InputError

MOST_BYTES = 32 << 20


def read_bytes(path: Path) -> bytes:
    """Raises OSError, and InputError for a file that does not end in time, as a device."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InputError(f"{path}: longer than {MOST_BYTES >> 20} MiB, which no input of this program is")
    return content
