"""Other ways to compute an operator from the same numbers."""

from prodsumnet.evaluation.chains.chained import Chained
from prodsumnet.evaluation.chains.grouping import groupings
from prodsumnet.evaluation.chains.stages import is_matrix, trace
from prodsumnet.evaluation.composed import Composed
from prodsumnet.operators import (
    Adjoint,
    BlockDiagonal,
    HStack,
    Kronecker,
    LinearOperator,
    Product,
    Sum,
    Transpose,
    VStack,
    kronecker_sum,
)


def rewrites(operator: LinearOperator) -> list[LinearOperator]:
    """Return equal operators over the same numbers, to be chosen from by their cost.

    A product becomes a chain of matrix products between the axes of a tensor, with consecutive
    stages composed and permutations of axes absorbed; a sum of products becomes one product of
    stacks, or of Kronecker products, and its dense terms are added up.

    Parameters
    ----------
    operator : LinearOperator
        The operator. Its parts are not rewritten by themselves.

    Returns
    -------
    list of LinearOperator
        None or more, to be called rather than trained or stored. They stay right when numbers
        change in place.
    """
    if isinstance(operator, Sum):
        fused = _fused(operator)
        return [] if fused is None else [fused, *_chains(fused)]
    return _chains(operator)


def pushed(operator: LinearOperator) -> LinearOperator:
    """Return an adjoint or a transpose of an expression as an expression of such."""
    if not isinstance(operator, Adjoint | Transpose):
        return operator
    view = type(operator)
    inner = operator.operator
    if isinstance(inner, Adjoint | Transpose) and type(inner) is view:
        return inner.operator
    if isinstance(inner, Product):
        return Product(*(view(factor) for factor in reversed(list(inner))))
    if isinstance(inner, Sum | Kronecker | BlockDiagonal):
        return type(inner)(*map(view, inner))
    if isinstance(inner, HStack | VStack):
        return (VStack if isinstance(inner, HStack) else HStack)(*map(view, inner))
    return operator


def _chains(operator: LinearOperator) -> list[LinearOperator]:
    """Return a product as chains, and one with the chains of its parts that are ones."""
    if isinstance(operator, Adjoint | Transpose):
        inner = operator.operator
        return [type(operator)(c) for c in _chains(inner)]
    if not isinstance(operator, Product | Kronecker):
        return []
    chain = trace(operator)
    if chain is not None:
        # Matrices one after the other are no quicker as stages.
        plain = isinstance(operator, Product) and all(map(is_matrix, operator))
        grouped = [g for g in groupings(chain) if not plain or len(g.stages) < len(chain.stages)]
        return [Chained(operator, stages) for stages in grouped]
    return _parts(operator) if isinstance(operator, Product) else []


def _parts(product: Product) -> list[LinearOperator]:
    """Return a product with its longest runs of factors that are chains replaced by these."""
    runs: list[list[LinearOperator]] = []
    for factor in product:
        if runs and trace(Product(*runs[-1], factor)) is not None:
            runs[-1].append(factor)
        else:
            runs.append([factor])
    if all(len(run) == 1 for run in runs):
        return []
    options = [(len(run) > 1 and rewrites(Product(*run))) or [Product.of(*run)] for run in runs]
    count = max(map(len, options))
    return [Product(*(o[min(i, len(o) - 1)] for o in options)) for i in range(count)]


def _fused(operator: Sum) -> LinearOperator | None:
    """Return a sum with terms of one form taken together, or None if there are no such terms."""
    dense: list[LinearOperator] = []
    pairs: list[Kronecker] = []
    low: list[Product] = []
    others: list[LinearOperator] = []
    for term in operator:
        if is_matrix(term):
            dense.append(term)
        elif isinstance(term, Kronecker) and _is_pair(term):
            pairs.append(term)
        elif isinstance(term, Product) and _is_pair(term):
            low.append(term)
        else:
            others.append(term)
    terms: list[LinearOperator] = []
    if dense:
        terms.append(Composed(Sum(*dense)) if len(dense) > 1 else dense[0])
    if low:
        terms.append(_stacked(low) if len(low) > 1 else low[0])
    alike: dict[tuple[tuple[int, int], ...], list[Kronecker]] = {}
    for pair in pairs:
        alike.setdefault(tuple(factor.shape for factor in pair), []).append(pair)
    for group in alike.values():
        joined = kronecker_sum([(a, b) for a, b in group])
        terms.append(joined if len(group) > 1 else group[0])
    terms += others
    if len(terms) == len(list(operator)):
        return None
    return Sum(*terms) if len(terms) > 1 else terms[0]


def _is_pair(operator: Kronecker | Product) -> bool:
    return len(list(operator)) == 2 and all(map(is_matrix, operator))


def _stacked(products: list[Product]) -> LinearOperator:
    """Return the sum of products ``A_r B_r`` as ``[A_1 A_2 ...]`` times the ``B_r`` stacked."""
    lefts, rights = zip(*(tuple(product) for product in products), strict=True)
    return Product(Composed(HStack(*lefts)), Composed(VStack(*rights)))
