"""Files opened so that they can be moved and deleted while they are read, on Windows as elsewhere."""

import os
import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import _winapi
    import msvcrt

    _SHARE_ALL = 0x1 | 0x2 | 0x4  # FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE
    _NORMAL = 0x80  # FILE_ATTRIBUTE_NORMAL

    def open_shared(path: Path) -> IO[bytes]:
        """The file, to be read. Raises `OSError`.

        Python's own `open` keeps others from moving or deleting it: a clip could not be put into the
        trash while it plays.
        """
        handle = _winapi.CreateFile(
            str(path), _winapi.GENERIC_READ, _SHARE_ALL, 0, _winapi.OPEN_EXISTING, _NORMAL, 0
        )
        return os.fdopen(msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY), "rb")
else:

    def open_shared(path: Path) -> IO[bytes]:
        """The file, to be read. Raises `OSError`."""
        return path.open("rb")
