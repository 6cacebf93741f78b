"""Philox-4x32-10 on plain Python integers, one block at a time: the reference of the streams.

Written from Salmon, Moraes, Dror & Shaw (SC 2011) and from the conventions that
`prodsumnet.numerics.streams` documents, not from its code.
"""

import numpy as np

SIGNS, INTEGERS, KEYS, SEEDS, SUBSETS = 1, 2, 3, 4, 5


def block(counter: tuple[int, int, int, int], key: tuple[int, int]) -> list[int]:
    """The four words of one counter under one key."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [
            (q >> 32) ^ c[1] ^ k[0],
            q % 2**32,
            (p >> 32) ^ c[3] ^ k[1],
            p % 2**32,
        ]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def word(seed: int, stream: int, i: int) -> int:
    """Word ``i`` of a stream."""
    b, lane = divmod(i, 4)
    return block((b % 2**32, b // 2**32, stream, 0), (seed % 2**32, seed // 2**32))[lane]


def signs(seed: int, *shape: int) -> np.ndarray:
    count = int(np.prod(shape))
    flat = [-1 if word(seed, SIGNS, i) >= 2**31 else 1 for i in range(count)]
    return np.array(flat, dtype=np.float64).reshape(shape)


def integers(seed: int, count: int, bound: int, stream: int = INTEGERS) -> list[int]:
    return [word(seed, stream, i) * bound // 2**32 for i in range(count)]


def permutation(seed: int, count: int) -> list[int]:
    return [i for _, i in sorted((word(seed, KEYS, i), i) for i in range(count))]


def subset(seed: int, population: int, count: int) -> list[int]:
    """The first distinct values of a stream, or what they leave over if that is less."""
    if 2 * count > population:
        left_out = set(subset(seed, population, population - count))
        return [i for i in range(population) if i not in left_out]
    chosen: set[int] = set()
    i = 0
    while len(chosen) < count:
        chosen.add(word(seed, SUBSETS, i) * population // 2**32)
        i += 1
    return sorted(chosen)


def derive(seed: int, index: int) -> int:
    return (word(seed, SEEDS, 2 * index) * 2**32 + word(seed, SEEDS, 2 * index + 1)) // 2
