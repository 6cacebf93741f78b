"""Matrices of circulant blocks (CirCNN), a grid of ``F⁻¹ diag(F c) F`` of one block size.

Input and output are padded to whole blocks. Where both ends are partial, the block in the corner
must still show every number of its own; block sizes for which it does not are not used.

Options
-------
block_size : int, optional
    Number of features of a block. By default the one with the most numbers within the budget, of
    several the one with the least padding.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator
from prodsumnet.operators.block_circulant import BlockCirculant


def least(out_features: int, in_features: int, block_size: int | None = None) -> int:
    """Return the numbers of a single block, or of blocks of the size given."""
    if block_size is None:
        return max(out_features, in_features)
    rows, columns = _grid(
        out_features, in_features, _checked(out_features, in_features, block_size)
    )
    return rows * columns * block_size


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    block_size: int | None = None,
) -> LinearOperator:
    """Return the grid of circulant blocks."""
    if block_size is None:
        block_size = _best(out_features, in_features, budget)
    rows, columns = _grid(out_features, in_features, block_size)
    return fitted(BlockCirculant(rows, columns, block_size), out_features, in_features)


def _grid(out_features: int, in_features: int, block_size: int) -> tuple[int, int]:
    return -(-out_features // block_size), -(-in_features // block_size)


def _best(out_features: int, in_features: int, budget: int) -> int:
    def rank(size: int) -> tuple[int, int]:
        rows, columns = _grid(out_features, in_features, size)
        return rows * columns * size, -(rows + columns) * size

    sizes = range(1, max(out_features, in_features) + 1)
    affordable = [size for size in sizes if rank(size)[0] <= budget]
    return max((s for s in affordable if _shows_all(out_features, in_features, s)), key=rank)


def _shows_all(out_features: int, in_features: int, block_size: int) -> bool:
    """Whether every diagonal of the block in the corner crosses what is kept of it."""
    rows, columns = (out_features - 1) % block_size + 1, (in_features - 1) % block_size + 1
    return rows + columns - 1 >= block_size


def _checked(out_features: int, in_features: int, block_size: int) -> int:
    size = checks.positive_int("block_size", block_size, max(out_features, in_features))
    if not _shows_all(out_features, in_features, size):
        raise ValueError(
            f"block_size {size} at {out_features}×{in_features} leaves numbers that nothing sees; "
            "take one that divides a side, or a smaller one"
        )
    return size


FAMILY = Family(
    name="block-circulant",
    build=build,
    least=least,
    formula="[F⁻¹ diag(F cᵢⱼ) F]ᵢⱼ",
    source="Ding et al. 2017",
    good_for="layers of any shape at m n / b numbers, in batched FFTs of length b",
    accepts="any shape, padded to whole blocks; option block_size; least max(out, in), one block",
)
