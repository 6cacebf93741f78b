"""What fixed matrices with orthonormal rows have in common."""

from prodsumnet.operators.base import LinearOperator


class OrthonormalRows(LinearOperator):
    r"""A fixed matrix with :math:`A A^H = I`: transforms, permutations, selections."""

    def second_moment(self) -> float:
        """Exactly 1: white input gives white output of the same variance."""
        return 1.0
