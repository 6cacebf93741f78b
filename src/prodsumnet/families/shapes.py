"""How sizes that a structure does not have are met: padding, truncation, factorisation."""

import math

from prodsumnet.operators import LinearOperator, Product, truncate, zero_pad


def fitted(operator: LinearOperator, out_features: int, in_features: int) -> LinearOperator:
    """Return an operator truncated to ``out_features``, on inputs padded with zeros.

    Parameters
    ----------
    operator : LinearOperator
        At least as large as wanted, on both sides.
    out_features, in_features : int
        The shape wanted.
    """
    factors = [operator]
    if operator.out_features != out_features:
        factors.insert(0, truncate(out_features, operator.out_features))
    if operator.in_features != in_features:
        factors.append(zero_pad(operator.in_features, in_features))
    return Product.of(*factors)


def power_of_two(n: int) -> int:
    """Return the smallest power of two that is at least ``n``."""
    return 1 << (n - 1).bit_length()


def divisors(n: int) -> list[int]:
    """Return all divisors of ``n``, ascending."""
    small = [k for k in range(1, math.isqrt(n) + 1) if n % k == 0]
    return small + [n // k for k in reversed(small) if k * k != n]


def near_square(n: int) -> tuple[int, int]:
    """Return ``(a, b)`` with ``a b = n`` and ``a <= b`` as close to each other as can be."""
    a = max(k for k in divisors(n) if k * k <= n)
    return a, n // a
