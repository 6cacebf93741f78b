"""Keeping freed memory, which the next step of a training asks for again."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_LARGEST_MMAP_THRESHOLD = 2**25


def keep_freed_memory() -> bool:
    """Tell glibc not to give freed memory back to the system, and say whether it listened.

    A training step frees and allocates the same tensors of tens of megabytes every time. By default
    each of them is a fresh mapping whose pages fault in one by one; without that, a step of the
    headline network took 22 ms instead of 25 to 32. It holds for the process, so a program decides
    to call it.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    settings = (
        (_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD),
        (_M_TRIM_THRESHOLD, 2**31 - 1),
        (_M_TOP_PAD, 2**26),
    )
    answers = [mallopt(name, value) for name, value in settings]
    return all(answer == 1 for answer in answers)
