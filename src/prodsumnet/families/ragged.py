"""Block-diagonal matrices whose blocks need not divide the sizes, so that nothing is padded."""

import itertools

from prodsumnet.operators import BlockDense, BlockDiagonal, LinearOperator


def ragged(num_blocks: int, out_features: int, in_features: int) -> LinearOperator:
    """Return full blocks on the diagonal, as nearly equal in height and in width as can be.

    Parameters
    ----------
    num_blocks : int
        Number of blocks, at most the smaller side.
    out_features, in_features : int
        Shape; what the blocks do not divide makes the first ones larger by one.
    """
    blocks = [BlockDense(*group) for group in _groups(num_blocks, out_features, in_features)]
    return blocks[0] if len(blocks) == 1 else BlockDiagonal(*blocks)


def ragged_count(num_blocks: int, out_features: int, in_features: int) -> int:
    """Return the trainable numbers of `ragged`."""
    return sum(n * h * w for n, h, w in _groups(num_blocks, out_features, in_features))


def _groups(num_blocks: int, out_features: int, in_features: int) -> list[tuple[int, int, int]]:
    """Return number, height and width of the blocks of each shape."""
    (height, tall), (width, broad) = (
        divmod(out_features, num_blocks),
        divmod(in_features, num_blocks),
    )
    ends = sorted({0, tall, broad, num_blocks})
    return [
        (stop - start, height + (start < tall), width + (start < broad))
        for start, stop in itertools.pairwise(ends)
    ]
