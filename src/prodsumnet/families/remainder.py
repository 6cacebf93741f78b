"""What makes a budget exact: a term for the numbers that a structure has no use for."""

from prodsumnet.operators import LinearOperator, RandomSigns, Sparse

_OFFSET = 0x5EED


def remainder(out_features: int, in_features: int, count: int, seed: int = 0) -> LinearOperator:
    """Return a seeded term with exactly ``count`` trainable numbers.

    Up to the number of entries it is a `Sparse` matrix. Beyond, no matrix has that many numbers
    without redundancy, and it is a sparse matrix on that many random combinations of the features.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    count : int
        How many numbers.
    seed : int, optional
        Gives the support.
    """
    seed = (seed + _OFFSET) % 2**63
    if count <= out_features * in_features:
        return Sparse(out_features, in_features, count, seed)
    features = -(-count // out_features)
    signs = RandomSigns(features, in_features, seed)
    return Sparse(out_features, features, count, seed) @ signs
