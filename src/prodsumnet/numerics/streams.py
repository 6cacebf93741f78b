"""Seeded integer streams, bit-identical on every device, platform and version.

The generator is Philox-4x32 with ten rounds (Salmon, Moraes, Dror & Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC 2011): word ``i`` of stream ``s`` under a 64-bit seed is a pure
function of ``(seed, s, i)``, so any part of a structure can be regenerated anywhere, in any order,
and in C in a dozen lines. Only integers are used; test vectors are in
``tests/numerics/test_streams.py``.

Conventions: the key is ``(seed mod 2**32, seed >> 32)``; block ``b`` has the counter
``(b mod 2**32, b >> 32, stream, 0)`` and gives the words ``4 b ... 4 b + 3``.
"""

from enum import IntEnum

import torch

_MASK = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


class Stream(IntEnum):
    """What a stream of words is used for; distinct purposes never share words."""

    SIGNS = 1
    INTEGERS = 2
    KEYS = 3
    SEEDS = 4


def _multiply(constant: int, word: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """High and low 32-bit halves of ``constant * word`` (int64 wraps modulo 2**64)."""
    product = word * constant
    return (product >> 32) & _MASK, product & _MASK


def words(
    seed: int, stream: int, count: int, device: torch.device | str | None = None
) -> torch.Tensor:
    """First ``count`` words of a stream.

    Parameters
    ----------
    seed : int
        In ``[0, 2**63)``.
    stream : int
        In ``[0, 2**32)``, see `Stream`.
    count : int
        How many words.

    Returns
    -------
    Tensor
        int64 of shape ``(count,)``, each in ``[0, 2**32)``.
    """
    block = torch.arange((count + 3) // 4, dtype=torch.int64, device=device)
    x0, x1 = block & _MASK, block >> 32
    x2, x3 = torch.full_like(block, stream), torch.zeros_like(block)
    key0, key1 = seed & _MASK, (seed >> 32) & _MASK
    for _ in range(_ROUNDS):
        high0, low0 = _multiply(_MULTIPLIERS[0], x0)
        high1, low1 = _multiply(_MULTIPLIERS[1], x2)
        x0, x1, x2, x3 = high1 ^ x1 ^ key0, low1, high0 ^ x3 ^ key1, low0
        key0, key1 = (key0 + _WEYL[0]) & _MASK, (key1 + _WEYL[1]) & _MASK
    return torch.stack((x0, x1, x2, x3), dim=-1).reshape(-1)[:count]


def signs(seed: int, count: int, device: torch.device | str | None = None) -> torch.Tensor:
    """Random signs: int64 of shape ``(count,)``, ``1 - 2 (word >> 31)``."""
    return 1 - 2 * (words(seed, Stream.SIGNS, count, device) >> 31)


def integers(
    seed: int, count: int, bound: int, device: torch.device | str | None = None
) -> torch.Tensor:
    """Integers in ``[0, bound)``: ``(word * bound) >> 32``, for ``bound`` up to ``2**31``.

    The probability of a value departs from ``1 / bound`` by less than ``2**-32``.
    """
    return (words(seed, Stream.INTEGERS, count, device) * bound) >> 32


def permutation(seed: int, count: int, device: torch.device | str | None = None) -> torch.Tensor:
    """Random permutation of ``0 ... count - 1``: indices sorted by (word, index)."""
    return torch.argsort(words(seed, Stream.KEYS, count, device), stable=True)


def subset(
    seed: int, population: int, count: int, device: torch.device | str | None = None
) -> torch.Tensor:
    """``count`` distinct integers of ``0 ... population - 1``, ascending."""
    return permutation(seed, population, device)[:count].sort().values


def derive(seed: int, index: int) -> int:
    """Return seed number ``index`` under ``seed``, itself in ``[0, 2**63)``."""
    high, low = words(seed, Stream.SEEDS, 2 * index + 2)[-2:].tolist()
    return ((high << 32) | low) >> 1
