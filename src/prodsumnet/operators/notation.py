"""Formulas as a mathematician writes them: ``Dense(10×16)·(Diagonal(16) + Circulant(16))``."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

LIST, SUM, PRODUCT, KRONECKER, POSTFIX, ATOM = range(6)
"""How tightly a notation binds, loosest first."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_MAX_SHOWN = 6
_MAX_LENGTH = 400


class Written(Protocol):
    """Anything that has a notation."""

    precedence: ClassVar[int]

    def _symbol(self) -> str: ...


def formula(operator: Written) -> str:
    """Return the formula of an operator, shortened in the middle if it is very long."""
    text = operator._symbol()
    if len(text) <= _MAX_LENGTH:
        return text
    half = _MAX_LENGTH // 2
    return f"{text[:half]} … {text[-half:]}"


def wrap(operator: Written, precedence: int) -> str:
    """Return an operator's notation, in parentheses unless it binds tighter than that."""
    text = operator._symbol()
    return text if operator.precedence > precedence else f"({text})"


def joined(operators: Sequence[Written], sign: str, precedence: int, repeated: str) -> str:
    """Join operands by an infix sign; equal ones become ``Σ₄ A``, of many the first few show."""
    texts = [wrap(operator, precedence) for operator in operators]
    if len(texts) > 2 and len(set(texts)) == 1:
        return f"{repeated}{str(len(texts)).translate(_SUBSCRIPTS)} {texts[0]}"
    if len(texts) > _MAX_SHOWN:
        texts[_MAX_SHOWN // 2 : 1 - _MAX_SHOWN // 2] = [f"… ({len(texts)} in all)"]
    return sign.join(texts)
