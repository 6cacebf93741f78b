"""Waiting for the program that pauses."""

import time

PATIENCE = 240.0


def until_paused(process, paused):
    """Wait until a process, which must not end before, says by a file that it pauses."""
    deadline = time.monotonic() + PATIENCE
    while not paused.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
