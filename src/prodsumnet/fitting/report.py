"""What a fit says about itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fit:
    """The outcome of a fit.

    Parameters
    ----------
    error : float
        Relative error of the operator as it is now, its numbers rounded to their type: the norm of
        the difference divided by the norm of the target, both in the metric; undivided where the
        target's is zero.
    errors : tuple of float
        The error before the fit, and the least so far after each iteration of the start that was
        best, a closed form counting as one. In 64-bit arithmetic.
    converged : bool
        Whether the fit ended at its tolerance or at an optimum known in closed form, rather than
        at the limit of iterations.
    method : str
        What found the numbers: the name of a closed form, ``"alternating"``, or ``"unchanged"``
        where nothing better was found than what was there.
    """

    error: float
    errors: tuple[float, ...]
    converged: bool
    method: str

    @property
    def iterations(self) -> int:
        """How many iterations the errors are of."""
        return len(self.errors) - 1
