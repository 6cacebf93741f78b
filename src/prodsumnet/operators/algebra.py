"""The algebra: adjoints, multiples, sums and products of operators."""

import itertools
import math
import sys

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.compound import Compound, flatten
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.kronecker_train import train_matrix


class _Wrapped(LinearOperator):
    """One operator seen in another way; the numbers are the wrapped operator's."""

    def __init__(self, operator: LinearOperator, out_features: int, in_features: int) -> None:
        super().__init__(out_features, in_features)
        self.operator = operator

    def _reset(self, gain: float) -> None:
        self.operator.reset_parameters(
            gain * math.sqrt(self.out_features / self.operator.out_features)
        )

    def _rescalable(self) -> bool:
        return self.operator._rescalable()

    def _rescale(self, factor: float) -> None:
        self.operator._rescale(factor)


class Adjoint(_Wrapped, kind="adjoint"):
    """The adjoint (conjugate transpose) of an operator, written ``A.H``.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    """

    precedence = notation.POSTFIX

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__(check_operator(operator), operator.in_features, operator.out_features)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator._rmatvec(x)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self.operator._matvec(y)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator._rmatmat(x)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self.operator._matmat(y)

    def _cost(self, batch: int) -> Cost:
        return self.operator._cost(batch)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device).mH.resolve_conj()

    def _symbol(self) -> str:
        return f"{notation.wrap(self.operator, notation.POSTFIX)}ᴴ"

    @property
    def H(self) -> LinearOperator:  # noqa: N802
        """The operator itself."""
        return self.operator


class Transpose(_Wrapped, kind="transpose"):
    """The transpose of an operator, written ``A.T``.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    """

    precedence = notation.POSTFIX

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__(check_operator(operator), operator.in_features, operator.out_features)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator._rmatvec(x.conj().resolve_conj()).conj().resolve_conj()

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self.operator._matvec(y.conj().resolve_conj()).conj().resolve_conj()

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator._rmatmat(x.conj().resolve_conj()).conj().resolve_conj()

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self.operator._matmat(y.conj().resolve_conj()).conj().resolve_conj()

    def _cost(self, batch: int) -> Cost:
        return self.operator._cost(batch)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device).mT

    def _symbol(self) -> str:
        return f"{notation.wrap(self.operator, notation.POSTFIX)}ᵀ"

    @property
    def T(self) -> LinearOperator:  # noqa: N802
        """The operator itself."""
        return self.operator


class Scaled(_Wrapped, kind="scaled"):
    """A fixed multiple ``c A`` of an operator, written ``c * A``.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    scalar : int, float or complex
        The constant, part of the structure. A complex one makes the result complex.

    Raises
    ------
    ValueError
        If the constant is zero or not finite.
    """

    precedence = notation.PRODUCT

    def __init__(self, operator: LinearOperator, scalar: complex) -> None:
        super().__init__(check_operator(operator), *operator.shape)
        if isinstance(scalar, bool) or not isinstance(scalar, int | float | complex):
            raise TypeError(f"scalar must be a number, got {checks.show(scalar)}")
        # Beyond the range of a float an integer is as unusable as infinity.
        if not 0 < abs(scalar) <= sys.float_info.max:
            raise ValueError(f"scalar must be finite and not zero, got {checks.show(scalar)}")
        self.scalar = scalar

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator._matvec(x) * self.scalar

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self.operator._rmatvec(y) * self.scalar.conjugate()

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator._matmat(x) * self.scalar

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self.operator._rmatmat(y) * self.scalar.conjugate()

    def _cost(self, batch: int) -> Cost:
        outputs = batch * self.out_features
        return self.operator._cost(batch) + Cost.elementwise(outputs, outputs, outputs)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device) * self.scalar

    def _reset(self, gain: float) -> None:
        self.operator.reset_parameters(gain / abs(self.scalar))

    def _symbol(self) -> str:
        if self.scalar == -1:
            return f"-{notation.wrap(self.operator, notation.PRODUCT)}"
        number = f"{self.scalar:g}"
        if isinstance(self.scalar, complex) and self.scalar.real:
            number = f"({number})"
        return f"{number}·{notation.wrap(self.operator, notation.PRODUCT)}"


class Sum(Compound, kind="sum"):
    r"""The sum :math:`\sum_j A_j` of operators of one shape, written ``A + B``.

    Parameters
    ----------
    *terms : LinearOperator
        One or more operators; sums among them are flattened.

    Raises
    ------
    ValueError
        If there is no term, or two shapes differ; the message shows both expressions.
    """

    precedence = notation.SUM
    members = "terms"

    def __init__(self, *terms: LinearOperator) -> None:
        flat = flatten(terms, Sum)
        for term in terms[1:]:
            if term.shape != terms[0].shape:
                raise ValueError(
                    f"cannot add operators of different shapes: {notation.formula(terms[0])} is "
                    f"{_size(terms[0])}, {notation.formula(term)} is {_size(term)}"
                )
        super().__init__(flat, *terms[0].shape)

    @staticmethod
    def of(*terms: LinearOperator) -> LinearOperator:
        """Add operators, dropping exact zeros; a single remaining term is returned as it is."""
        kept = [term for term in Sum(*terms) if not term.is_zero] or [terms[0]]
        return Sum(*kept) if len(kept) > 1 else kept[0]

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        first, *others = self
        y = first._matvec(x)
        for term in others:
            y = y + term._matvec(x)
        return y

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        first, *others = self
        x = first._rmatvec(y)
        for term in others:
            x = x + term._rmatvec(y)
        return x

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        first, *others = self
        return sum((term._matmat(x) for term in others), start=first._matmat(x))

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        first, *others = self
        return sum((term._rmatmat(y) for term in others), start=first._rmatmat(y))

    def _cost(self, batch: int) -> Cost:
        outputs = batch * self.out_features
        first, *others = self
        total = first._cost(batch)
        for term in others:
            total += term._cost(batch) + Cost.elementwise(2 * outputs, outputs, outputs)
        return total

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        first, *others = self
        dense = first._to_dense(dtype, device)
        for term in others:
            dense = dense + term._to_dense(dtype, device)
        return dense

    def _reset(self, gain: float) -> None:
        flexible = [term for term in self if term._rescalable()]
        rigid = [term for term in self if not term._rescalable()]
        for term in rigid:
            term.reset_parameters()
        fixed = sum(term.second_moment() for term in rigid)
        share = gain * gain - fixed if fixed < gain * gain else gain * gain
        numbers = sum(term.num_trainable for term in flexible)
        for term in flexible:
            term.reset_parameters(math.sqrt(share * term.num_trainable / numbers))

    def _rescale(self, factor: float) -> None:
        self._rescale_each(factor)

    def _symbol(self) -> str:
        return notation.joined(list(self), " + ", notation.SUM, "Σ").replace(" + -", " - ")


class Product(Compound, kind="product"):
    r"""The product :math:`\prod_i A_i` of operators, the last one applied first, ``A @ B``.

    Parameters
    ----------
    *factors : LinearOperator
        One or more operators; products among them are flattened.

    Raises
    ------
    ValueError
        If there is no factor, or neighbours do not fit; the message shows both expressions.
    """

    precedence = notation.PRODUCT
    members = "factors"

    def __init__(self, *factors: LinearOperator) -> None:
        flat = flatten(factors, Product)
        for left, right in itertools.pairwise(factors):
            if left.in_features != right.out_features:
                raise ValueError(
                    f"cannot multiply {notation.formula(left)} ({_size(left)}) by "
                    f"{notation.formula(right)} ({_size(right)}): "
                    f"{left.in_features} != {right.out_features}"
                )
        super().__init__(flat, flat[0].out_features, flat[-1].in_features)

    @staticmethod
    def of(*factors: LinearOperator) -> LinearOperator:
        """Multiply operators, dropping exact identities; a single remaining one is returned."""
        kept = [factor for factor in Product(*factors) if not factor.is_identity] or [factors[0]]
        return Product(*kept) if len(kept) > 1 else kept[0]

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        for factor in reversed(list(self)):
            x = factor._matvec(x)
        return x

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        for factor in self:
            y = factor._rmatvec(y)
        return y

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        for factor in reversed(list(self)):
            x = factor._matmat(x)
        return x

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        for factor in self:
            y = factor._rmatmat(y)
        return y

    def _cost(self, batch: int) -> Cost:
        return sum((factor._cost(batch) for factor in self), Cost())

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        factors = list(self)
        train = train_matrix(factors, dtype, device)
        if train is not None:
            return train
        if self.out_features < self.in_features:
            rows = factors[0]._to_dense(dtype, device).conj().resolve_conj()
            for factor in factors[1:]:
                rows = factor._rmatvec(rows)
            return rows.conj().resolve_conj()
        columns = factors[-1]._to_dense(dtype, device).mT
        for factor in reversed(factors[:-1]):
            columns = factor._matvec(columns)
        return columns.mT

    def _reset(self, gain: float) -> None:
        for factor in self:
            factor.reset_parameters(1.0)

    def _rescale(self, factor: float) -> None:
        self._rescale_jointly(factor)

    def _symbol(self) -> str:
        return notation.joined(list(self), "·", notation.PRODUCT, "Π")


def _size(operator: LinearOperator) -> str:
    return f"{operator.out_features}×{operator.in_features}"
