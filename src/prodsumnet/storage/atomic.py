"""Files that are either the old one or the new one, never half of one."""

import contextlib
import os
import secrets
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in the same folder, flush it to disk and rename it.

    The folder is made if there is none.

    Raises
    ------
    OSError
        If the file cannot be written, of the kind that says why and with ``path`` for its file
        name; an existing file is left as it was.
    """
    temporary = path.parent / f".{secrets.token_hex(8)}.partial"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write: {error.strerror}", str(path)) from error
    finally:
        with contextlib.suppress(OSError):  # gone once it is renamed, or never there
            temporary.unlink()


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file as `write_bytes` does.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_bytes(path, content.encode("utf-8"))
