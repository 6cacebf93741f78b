"""Seeded integer streams, bit-identical on every device, platform and version.

The generator is Philox-4x32 with ten rounds (Salmon, Moraes, Dror & Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC 2011): word ``i`` of stream ``s`` under a 64-bit seed is a pure
function of ``(seed, s, i)``, so any part of a structure can be regenerated anywhere, in any order,
and in C in a dozen lines. Only integers are used; test vectors are in
``tests/numerics/vectors.json``.

Conventions: the key is ``(seed mod 2**32, seed >> 32)``; block ``b`` has the counter
``(b mod 2**32, b >> 32, stream, 0)`` and gives the words ``4 b ... 4 b + 3``.
"""

from enum import IntEnum

import torch

_MASK = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_CHUNK = 1 << 20


class Stream(IntEnum):
    """What a stream of words is used for; distinct purposes never share words."""

    SIGNS = 1
    INTEGERS = 2
    KEYS = 3
    SEEDS = 4
    SUBSETS = 5


def _multiply(constant: int, word: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """High and low 32-bit halves of ``constant * word`` (int64 wraps modulo 2**64)."""
    product = word * constant
    return (product >> 32) & _MASK, product & _MASK


def philox(counter: torch.Tensor, key: tuple[int, int]) -> torch.Tensor:
    """Philox-4x32-10: the four words of every counter under one key.

    Parameters
    ----------
    counter : Tensor
        int64 of shape ``(..., 4)``, each in ``[0, 2**32)``.
    key : (int, int)
        Each in ``[0, 2**32)``.

    Returns
    -------
    Tensor
        int64 of shape ``(..., 4)``, each in ``[0, 2**32)``.
    """
    x0, x1, x2, x3 = counter.unbind(-1)
    key0, key1 = key
    for _ in range(_ROUNDS):
        high0, low0 = _multiply(_MULTIPLIERS[0], x0)
        high1, low1 = _multiply(_MULTIPLIERS[1], x2)
        x0, x1, x2, x3 = high1 ^ x1 ^ key0, low1, high0 ^ x3 ^ key1, low0
        key0, key1 = (key0 + _WEYL[0]) & _MASK, (key1 + _WEYL[1]) & _MASK
    return torch.stack((x0, x1, x2, x3), dim=-1)


def words(
    seed: int, stream: int, count: int, device: torch.device | str | None = None, start: int = 0
) -> torch.Tensor:
    """Words ``start ... start + count - 1`` of a stream.

    Parameters
    ----------
    seed : int
        In ``[0, 2**63)``.
    stream : int
        In ``[0, 2**32)``, see `Stream`.
    count : int
        How many words.
    device : torch.device or str, optional
        Where they are computed.
    start : int, optional
        Which word comes first.

    Returns
    -------
    Tensor
        int64 of shape ``(count,)``, each in ``[0, 2**32)``.
    """
    if torch.empty(0, device=device).is_meta:
        return torch.empty(count, dtype=torch.int64, device=device)
    first, stop = start // 4, (start + count + 3) // 4
    result = torch.empty(4 * (stop - first), dtype=torch.int64, device=device)
    # In chunks, since the rounds need several times the memory of their result.
    for begin in range(first, stop, _CHUNK):
        end = min(begin + _CHUNK, stop)
        block = torch.arange(begin, end, dtype=torch.int64, device=device)
        purpose = torch.full_like(block, stream)
        counter = torch.stack((block & _MASK, block >> 32, purpose, torch.zeros_like(block)), -1)
        part = philox(counter, (seed & _MASK, (seed >> 32) & _MASK))
        result[4 * (begin - first) : 4 * (end - first)] = part.view(-1)
    return result[start - 4 * first :][:count]


def signs(
    seed: int, count: int, device: torch.device | str | None = None, start: int = 0
) -> torch.Tensor:
    """Random signs: int64 of shape ``(count,)``, ``1 - 2 (word >> 31)``, from word ``start`` on."""
    return 1 - 2 * (words(seed, Stream.SIGNS, count, device, start) >> 31)


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
    """``count`` distinct integers of ``0 ... population - 1``, ascending.

    They are the first distinct values of ``(word * population) >> 32``; if they are more than half
    of the population, those that so chosen ``population - count`` integers leave over. Work and
    memory grow with ``count``, not with a large population.

    Parameters
    ----------
    seed : int
        In ``[0, 2**63)``.
    population : int
        Up to ``2**31``.
    count : int
        How many of them.
    device : torch.device or str, optional
        Where they are computed.

    Returns
    -------
    Tensor
        int64 of shape ``(count,)``.
    """
    if torch.empty(0, device=device).is_meta:
        return torch.empty(count, dtype=torch.int64, device=device)
    if 2 * count > population:
        kept = torch.ones(population, dtype=torch.bool, device=device)
        kept[subset(seed, population, population - count, device)] = False
        return kept.nonzero().view(-1)
    # At half of the population 1.39 draws are expected for each distinct value.
    draws = count + count // 2 + 16
    while True:
        values = (words(seed, Stream.SUBSETS, draws, device) * population) >> 32
        ordered, position = torch.sort(values, stable=True)
        fresh = torch.ones_like(ordered, dtype=torch.bool)
        fresh[1:] = ordered[1:] != ordered[:-1]
        first_seen = position[fresh].sort().values
        if len(first_seen) >= count:
            return values[first_seen[:count]].sort().values
        draws *= 2


def derive(seed: int, index: int) -> int:
    """Return seed number ``index`` under ``seed``, itself in ``[0, 2**63)``.

    Word ``2 index`` of the stream gives the upper half and the next one the lower, less one bit.
    """
    high, low = words(seed, Stream.SEEDS, 2, "cpu", 2 * index).tolist()
    return ((high << 32) | low) >> 1
