"""Package clients (npm, apt-get, dpkg), run quietly and for a limited time."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from prodsumnet.data.timeouts import Timeouts


def run_client(command: Sequence[str], folder: Path, timeouts: Timeouts) -> None:
    """Run a package client in a folder.

    Raises
    ------
    FileNotFoundError
        If the client is not installed.
    TimeoutError
        If it takes too long; it is ended.
    OSError
        If it fails; the message is what it says.
    """
    client = shutil.which(command[0])
    if client is None:
        raise FileNotFoundError(f"{command[0]} is not installed")
    try:
        done = subprocess.run(
            [client, *command[1:]],
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeouts.client,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(
            f"{command[0]} {command[1]} took more than {timeouts.client:g} s"
        ) from None
    if done.returncode != 0:
        words = " ".join(done.stderr.split())[:300] or f"exit status {done.returncode}"
        raise OSError(f"{command[0]} {command[1]}: {words}")
