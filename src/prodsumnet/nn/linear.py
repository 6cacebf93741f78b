"""The linear layer whose weight is an operator."""

from collections.abc import Callable, Hashable

import torch
from torch import nn

from prodsumnet.evaluation import Composed, Explanation, Strategy, check_strategy, explain, plan
from prodsumnet.evaluation.plans import circumstances
from prodsumnet.nn.bias import match
from prodsumnet.nn.structured import Structured
from prodsumnet.numerics import checks
from prodsumnet.operators import Constant, LinearOperator

Evaluation = Callable[[torch.Tensor], torch.Tensor]


class Linear(Structured):
    r"""``torch.nn.Linear`` with an operator for its weight: :math:`y = W x + b`.

    Parameters
    ----------
    in_features, out_features : int
        As in `torch.nn.Linear`.
    operator : LinearOperator or str
        The weight, of shape ``(out_features, in_features)``; it is used as it is, with the numbers
        that it has. Or the name of a family, from which such an operator is built.
    bias : bool or LinearOperator, optional
        True for a vector of ``out_features`` trainable numbers, starting at zero; an operator of
        shape ``(out_features, 1)``, used as it is, for a bias with a structure of its own.
    device, dtype
        Of the bias vector, and of a family's operator; by default the operator's.
    budget, seed, exact
        For a family, see `prodsumnet.families.build`.
    strategy : str, optional
        How the product is computed, one of `prodsumnet.evaluation.STRATEGIES`; by default whichever
        should be the quickest. All give the same to rounding.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or the shape of an operator is another.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        operator: LinearOperator | str,
        bias: bool | LinearOperator = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        budget: int | None = None,
        seed: int = 0,
        exact: bool = False,
        strategy: Strategy = "auto",
    ) -> None:
        in_features = checks.positive_int("in_features", in_features)
        out_features = checks.positive_int("out_features", out_features)
        shape = out_features, in_features
        super().__init__(operator, shape, bias, device, dtype, budget, seed, exact)
        self.in_features, self.out_features = in_features, out_features
        self.strategy: Strategy = check_strategy(strategy)

    @property
    def weight(self) -> torch.Tensor:
        """The dense weight, ``(out_features, in_features)``."""
        return self.operator.to_dense()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(..., in_features) -> (..., out_features)``.

        Raises
        ------
        TypeError
            If the input and the operator differ in precision.
        ValueError
            If the last axis of the input is not ``in_features`` long.
        """
        if torch.compiler.is_compiling():
            y = self.operator(x)
        else:
            key = circumstances(x)
            # By attribute, finding the operator would cost more than finding its plan.
            y = (self._plans.find(self._modules["operator"], key) or self._plan(x, key))(x)
        bias = self._bias_vector()
        return y if bias is None else y + match(bias, y)

    def _plan(self, x: torch.Tensor, key: Hashable) -> Evaluation:
        """Return the quickest evaluation for input of this shape and type, which is checked."""
        if x.dim() == 0 or x.shape[-1] != self.in_features:
            raise ValueError(
                f"Linear expects input of shape (..., {self.in_features}), got {tuple(x.shape)}"
            )
        operator = self.operator
        dtype, batch = operator._accept(x).dtype, x[..., 0].numel()
        gradients = torch.is_grad_enabled() and any(p.requires_grad for p in self.parameters())

        def make() -> Evaluation:
            planned = plan(operator, batch, x.dtype, x.device, gradients, self.strategy)
            if dtype != x.dtype:
                return lambda x: planned._matvec(x.to(dtype))
            free = not torch.is_grad_enabled() and not checks.autocasting(x.device)
            if isinstance(planned, Composed | Constant) and free:
                # One matrix for batches of all sizes; and here every check would be felt.
                kept = self._plans.get(operator, (x.dtype, x.device), lambda: Composed(operator))
                # Real numbers may make a complex matrix, as the phases of optics do.
                return kept.remembered if kept.memory.get(x).dtype == x.dtype else kept._matvec
            return planned._matvec

        return self._plans.get(operator, key, make)

    def explain(self, batch_size: int, gradients: bool | None = None) -> Explanation:
        """Return the ways to compute a batch, with predicted times, and the one that is taken.

        Parameters
        ----------
        batch_size : int
            Vectors at a time.
        gradients : bool, optional
            Whether gradients will be wanted; by default, in training mode.

        Raises
        ------
        TypeError, ValueError
            If ``batch_size`` is not a positive integer.
        """
        batch_size = checks.positive_int("batch_size", batch_size)
        gradients = self.training if gradients is None else gradients
        numbers = next(self.operator.parameters(), None)
        dtype = torch.get_default_dtype() if numbers is None else numbers.dtype
        device = torch.device("cpu") if numbers is None else numbers.device
        return explain(self.operator, batch_size, dtype, device, gradients, self.strategy)

    def to_linear(self) -> nn.Linear:
        """Return the plain torch layer with the same weight and bias."""
        weight = self.weight
        plain = nn.Linear(
            self.in_features,
            self.out_features,
            self.bias is not None,
            device=weight.device,
            dtype=weight.dtype,
        )
        return self._copy_into(plain)

    def macs(self, positions: int = 1) -> int:
        """Multiply-additions for ``positions`` vectors, by factors or by the dense weight."""
        dense = positions * self.in_features * self.out_features
        return min(self.operator.cost(positions).flops // 2, dense)

    def extra_repr(self) -> str:
        """Return the sizes, as torch's layer prints them."""
        return f"in_features={self.in_features}, out_features={self.out_features}"
