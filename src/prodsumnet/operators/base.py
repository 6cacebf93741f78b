"""The contract: what a linear operator is.

Rows are samples, as everywhere in torch: an operator ``A`` of shape ``(out_features, in_features)``
maps a tensor ``(..., in)`` to ``(..., out)``, which for a single vector is ``A x``. The results of
``A.H``, ``c * A``, ``A + B`` and ``A @ B`` are kinds of operators like any other, found by name.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import nn

from prodsumnet.numerics import checks, dtypes
from prodsumnet.operators import initialization, kinds, notation, specification
from prodsumnet.operators.cost import Cost

_DRAWS = 32
"""How often numbers are drawn that cancel, as in a sum of two single numbers half of the time."""


class LinearOperator(nn.Module):
    r"""A linear map given by a formula over few trainable numbers.

    The product-of-sums form is :math:`W = \prod_i \sum_j A_{ij}(\theta_{ij})` (Wu 2018). A kind of
    operator defines ``_matvec`` and ``_rmatvec`` and inherits everything else. It names itself by
    the class keyword ``kind``, the word that stands for it in a spec; its constructor's keywords
    are its spec, and are kept as attributes of the same names.

    Parameters
    ----------
    out_features, in_features : int
        Shape of the matrix.

    Raises
    ------
    TypeError, ValueError
        If a size is not a positive integer.
    """

    kind: ClassVar[str] = ""
    precedence: ClassVar[int] = notation.ATOM
    is_identity: bool = False
    is_zero: bool = False

    def __init_subclass__(cls, kind: str | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if kind is not None:
            kinds.register(kind, cls)
            cls.kind = kind

    def __init__(self, out_features: int, in_features: int) -> None:
        super().__init__()
        self.out_features = checks.positive_int("out_features", out_features)
        self.in_features = checks.positive_int("in_features", in_features)

    def _hold(
        self,
        name: str,
        compute: Callable[[], torch.Tensor],
        shape: tuple[int, ...],
        dtype: torch.dtype,
        device: torch.device | str | None,
    ) -> None:
        """Hold a fixed tensor that a seed or the structure gives: recomputed, never saved.

        On the meta device nothing is computed. Reading a spec tries it there first, and torch takes
        seconds to load its arithmetic for that device.
        """
        held = torch.empty(0, device=device)
        if held.is_meta:
            held = torch.empty(shape, dtype=dtype, device=device)
        else:
            held = compute().to(dtype).view(shape)
        self.register_buffer(name, held, persistent=False)

    # What a kind of operator defines -----------------------------------------------------------

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        """``(..., in) -> (..., out)``, shapes already checked."""
        raise NotImplementedError

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        """Adjoint of `_matvec`: ``(..., out) -> (..., in)``."""
        raise NotImplementedError

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        """`_matvec` of the columns of a matrix, ``(in, batch) -> (out, batch)``.

        Features are outermost here, which suits kernels that gather or multiply by blocks.
        """
        return self._matvec(x.mT).mT

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        """Adjoint of `_matmat`: ``(out, batch) -> (in, batch)``."""
        return self._rmatvec(y.mT).mT

    def _cost(self, batch: int) -> Cost:
        """Cost of one `_matvec` on ``batch`` vectors."""
        raise NotImplementedError

    def _reset(self, gain: float) -> None:
        """Draw new trainable numbers, if there are any, for about ``gain**2`` output variance."""

    def _rescalable(self) -> bool:
        """Whether `_rescale` has numbers in which the operator is homogeneous."""
        return False

    def _rescale(self, factor: float) -> None:
        """Multiply the operator by ``factor`` through its trainable numbers, if it can be."""

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Dense matrix, by applying the operator or its adjoint to the smaller identity."""
        if self.out_features < self.in_features:
            basis = torch.eye(self.out_features, dtype=dtype, device=device)
            return self._rmatvec(basis).conj().resolve_conj()
        basis = torch.eye(self.in_features, dtype=dtype, device=device)
        return self._matvec(basis).mT

    def _symbol(self) -> str:
        """How the operator is written in a formula."""
        return f"{type(self).__name__}({self.out_features}×{self.in_features})"

    # The public face ---------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """``(out_features, in_features)``."""
        return self.out_features, self.in_features

    @property
    def dtype(self) -> torch.dtype | None:
        """Type of the operator's numbers; None if it has none and follows its input."""
        return _common_type(self._numbers())

    def _numbers(self) -> list[torch.Tensor]:
        # In one pass, for two cost more than a small operator itself.
        return [
            tensor
            for module in self.modules()
            for tensor in (*module._parameters.values(), *module._buffers.values())
            if tensor is not None
        ]

    @property
    def num_trainable(self) -> int:
        """Distinct trainable real numbers; a shared factor counts once, a complex number as two."""
        return sum(p.numel() * (2 if p.is_complex() else 1) for p in self.parameters())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the operator to the last axis.

        Parameters
        ----------
        x : Tensor
            ``(..., in_features)``, real or complex; any leading dimensions, none or empty included.

        Returns
        -------
        Tensor
            ``(..., out_features)``, complex if the input or the operator is.

        Raises
        ------
        TypeError
            If ``x`` is not a floating or complex tensor, or differs from the operator in precision.
        ValueError
            If the last axis of ``x`` is not ``in_features`` long.
        """
        return self._matvec(self._accept(x))

    def _accept(self, x: torch.Tensor) -> torch.Tensor:
        """Return checked input, made complex where the numbers are."""
        if not isinstance(x, torch.Tensor) or not (x.is_floating_point() or x.is_complex()):
            given = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise TypeError(
                f"{notation.formula(self)} expects a floating or complex tensor, got {given}"
            )
        if x.dim() == 0 or x.shape[-1] != self.in_features:
            raise ValueError(
                f"{notation.formula(self)} expects input of shape (..., {self.in_features}), "
                f"got {tuple(x.shape)}"
            )
        dtype = self.dtype
        if dtype is not None and dtypes.precision(dtype) != dtypes.precision(x.dtype):
            if not checks.autocasting(x.device):
                raise TypeError(
                    f"{notation.formula(self)} holds {dtype} numbers, got {x.dtype} input; "
                    "convert one of them with .to(...)"
                )
        elif dtype is not None and dtype.is_complex:
            x = x.to(dtype)
        return x

    def to_dense(
        self, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> torch.Tensor:
        """Return the ``(out_features, in_features)`` matrix, differentiable in the numbers.

        Parameters
        ----------
        dtype, device
            By default the operator's own; torch's defaults if it holds no numbers. A complex matrix
            stays complex: of ``dtype`` it then takes the precision.
        """
        numbers = self._numbers()
        own = _common_type(numbers)
        chosen = checks.numeric_dtype(dtype if own is None else own)
        place = numbers[0].device if numbers and device is None else device
        dense = self._to_dense(chosen, torch.device("cpu" if place is None else place))
        if dtype is None:
            return dense
        return dense.to(dtype.to_complex() if dense.is_complex() else dtype)

    def cost(self, batch: int = 1) -> Cost:
        """Operations and bytes of the factor-by-factor evaluation of ``batch`` vectors.

        Raises
        ------
        TypeError, ValueError
            If ``batch`` is not a positive integer.
        """
        return self._cost(checks.positive_int("batch", batch))

    @property
    def H(self) -> "LinearOperator":  # noqa: N802
        """Adjoint, sharing the numbers; ``A.H.H is A``."""
        return kinds.lookup("adjoint")(self)

    @property
    def T(self) -> "LinearOperator":  # noqa: N802
        """Transpose, sharing the numbers; ``A.T.T is A``."""
        return kinds.lookup("transpose")(self)

    def second_moment(self) -> float:
        r"""Mean output variance for white unit-variance input, :math:`\|A\|_F^2 / m`.

        Exact if the smaller side has at most 1,024 features. Beyond that it is estimated from
        1,024 fixed random sign vectors, with a relative standard error below
        :math:`\sqrt{2 / 1024 r}` for stable rank :math:`r`; and from fewer, at least 32, where
        an expression has very many or very wide stages.
        """
        return initialization.second_moment(self)

    @torch.no_grad()
    def reset_parameters(self, gain: float = 1.0) -> None:
        r"""Draw new trainable numbers, such that unit-variance input gives variance ``gain**2``.

        Every factor is drawn and normalised by itself; a sum shares the variance among its
        trainable terms, in proportion to how many numbers they have, and a product gives each
        factor one; then the whole expression, whose
        second moment :math:`\|W\|_F^2 / m` is known (see `second_moment`), is rescaled through its
        trainable numbers. So the statement holds for the numbers drawn, not only on average, and
        through any nesting, shared factors included (compare Mishkin & Matas 2016). Where fixed
        terms alone exceed the target it cannot be met, and the trainable terms keep their share.

        Raises
        ------
        ValueError
            If ``gain`` is not positive and finite.
        """
        if isinstance(gain, bool) or not (isinstance(gain, int | float) and 0 < gain < math.inf):
            raise ValueError(f"gain must be a positive finite number, got {checks.show(gain)}")
        for _ in range(_DRAWS):
            self._reset(float(gain))
            if initialization.calibrate(self, float(gain)):
                break

    def spec(self) -> dict[str, Any]:
        """Return the expression as plain JSON: structure, sizes and seeds, no numbers.

        The inverse is `from_spec`. Operators form a directed acyclic graph with references, so
        that a factor used several times is still one factor afterwards.
        """
        return specification.encode([self])

    @staticmethod
    def from_spec(
        spec: Any, device: torch.device | str | None = None, max_numbers: int = checks.MAX_NUMBERS
    ) -> "LinearOperator":
        """Build the operator of a spec, validated before anything large is allocated.

        Parameters
        ----------
        spec : dict
            As returned by `spec`.
        device : torch.device or str, optional
            Where the numbers go.
        max_numbers : int, optional
            Refuse an expression that holds more numbers, seeded ones included.

        Raises
        ------
        ValueError
            If the spec is malformed, too deep or too large; the message names the node.
        """
        return specification.decode(spec, 1, device, max_numbers)[0]

    def __repr__(self) -> str:
        return (
            f"{notation.formula(self)}  "
            f"[{self.out_features}×{self.in_features}, {self.num_trainable} trainable]"
        )

    # The algebra -------------------------------------------------------------------------------

    def __matmul__(self, other: object) -> "LinearOperator":
        if isinstance(other, torch.Tensor):
            raise TypeError("@ composes operators; apply one to a tensor of row vectors by A(x)")
        if not isinstance(other, LinearOperator):
            return NotImplemented
        return kinds.lookup("product").of(self, other)

    def __add__(self, other: object) -> "LinearOperator":
        if not isinstance(other, LinearOperator):
            return NotImplemented
        return kinds.lookup("sum").of(self, other)

    def __sub__(self, other: object) -> "LinearOperator":
        return self + -other if isinstance(other, LinearOperator) else NotImplemented

    def __neg__(self) -> "LinearOperator":
        return self * -1

    def __mul__(self, scalar: object) -> "LinearOperator":
        if not isinstance(scalar, int | float | complex):
            return NotImplemented
        return kinds.lookup("scaled")(self, scalar)

    __rmul__ = __mul__

    def __truediv__(self, scalar: object) -> "LinearOperator":
        return self * (1 / scalar) if isinstance(scalar, int | float | complex) else NotImplemented


def check_operator(value: object) -> LinearOperator:
    """Return ``value`` if it is an operator.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not isinstance(value, LinearOperator):
        raise TypeError(f"expected a LinearOperator, got {type(value).__name__}")
    return value


def _common_type(numbers: list[torch.Tensor]) -> torch.dtype | None:
    result = None
    for tensor in numbers:
        if tensor.is_floating_point() or tensor.is_complex():
            promoted = result is not None and torch.promote_types(result, tensor.dtype)
            result = promoted or tensor.dtype
    return result
