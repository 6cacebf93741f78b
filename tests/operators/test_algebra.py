"""Composition: what is flattened, what is dropped, what is left alone, what is refused."""

import pytest
import torch

from prodsumnet.operators import (
    Basis,
    Circulant,
    Dense,
    Diagonal,
    Hadamard,
    Identity,
    Kronecker,
    LinearOperator,
    LowRank,
    Permutation,
    Product,
    RandomSigns,
    Scaled,
    Sum,
    Zero,
    decode,
    encode,
    kron,
)


def square() -> Dense:
    return Dense(4, 4)


def test_sums_are_flattened() -> None:
    a, b, c, d = (square() for _ in range(4))
    total = (a + b) + (c + d)
    assert isinstance(total, Sum)
    assert list(total) == [a, b, c, d]
    assert next(iter(a - (b + c))) is a
    assert len(list(a - (b + c))) == 2


def test_products_are_flattened() -> None:
    a, b, c, d = (square() for _ in range(4))
    product = (a @ b) @ (c @ d)
    assert isinstance(product, Product)
    assert list(product) == [a, b, c, d]


def test_kronecker_products_are_flattened() -> None:
    a, b, c = (square() for _ in range(3))
    assert list(kron(kron(a, b), c)) == [a, b, c]
    assert list(kron(a, kron(b, c))) == [a, b, c]


def test_subclasses_are_flattened_like_their_base() -> None:
    """Or the spec, which knows only the kind, would give another structure back."""
    a = Dense(4, 5)
    product = a @ LowRank(5, 6, 2)
    assert [type(factor) for factor in product] == [Dense] * 3
    copy = LinearOperator.from_spec(product.spec())
    assert copy.state_dict().keys() == product.state_dict().keys()


def test_no_distribution_and_no_pairwise_rules() -> None:
    a, b, c = (square() for _ in range(3))
    assert isinstance(a @ (b + c), Product)
    assert len(list(a @ (b + c))) == 2
    assert len(list(Hadamard(4) @ Hadamard(4))) == 2
    assert isinstance(2 * (3 * a), Scaled)
    assert (2 * (3 * a)).operator.scalar == 3
    assert len(list(a + a)) == 2


def test_exact_identities_are_dropped() -> None:
    a, i = square(), Identity(4)
    assert i @ a is a
    assert a @ i is a
    assert (i @ i).is_identity
    assert list(a @ i @ a) == [a, a]


@pytest.mark.parametrize(
    "almost",
    [
        1 * Identity(4),
        Identity(4).H,
        Permutation(4, order=range(4)),
        kron(Identity(2), Identity(2)),
        Identity(4) + Zero(4, 4).T,
    ],
    ids=repr,
)
def test_only_exact_identities_are_dropped(almost: LinearOperator) -> None:
    assert next(iter(almost @ square())) is almost


def test_exact_zeros_are_dropped() -> None:
    a, zero = square(), Zero(4, 4)
    assert zero + a is a
    assert a + zero is a
    assert a - Zero(4, 4) + a  # a scaled zero is no exact one
    assert (zero + Zero(4, 4)).is_zero
    assert list(zero @ a) == [zero, a]


def test_dropping_checks_shapes_first() -> None:
    with pytest.raises(ValueError, match="cannot multiply"):
        Identity(3) @ Dense(4, 2)
    with pytest.raises(ValueError, match="cannot add"):
        Zero(4, 2) + Dense(4, 4)


def test_errors_show_both_expressions() -> None:
    left, right = Diagonal(3) @ Dense(3, 2), Dense(4, 5) + RandomSigns(4, 5)
    with pytest.raises(ValueError) as caught:
        left @ right
    for text in ("Diagonal(3)·Dense(3×2)", "Dense(4×5) + Signs(4×5)", "3×2", "4×5", "2 != 4"):
        assert text in str(caught.value)
    with pytest.raises(ValueError) as caught:
        left + right
    for text in ("Diagonal(3)·Dense(3×2)", "3×2", "Dense(4×5)", "4×5"):
        assert text in str(caught.value)


def test_operands_that_are_no_operators() -> None:
    a = square()
    with pytest.raises(TypeError, match=r"@ composes operators; apply .* by A\(x\)"):
        a @ torch.ones(4)
    for wrong in (1, "x", None, [a]):
        for compose in (
            lambda w: a @ w,
            lambda w: w @ a,
            lambda w: a + w,
            lambda w: w + a,
            lambda w: a - w,
            lambda w: w - a,
        ):
            with pytest.raises(TypeError):
                compose(wrong)
    for wrong in ("x", None, torch.ones(())):
        with pytest.raises(TypeError):
            a * wrong
        with pytest.raises(TypeError):
            a / wrong
    with pytest.raises(ZeroDivisionError):
        a / 0


def test_scalars() -> None:
    a = square().double()
    x = torch.randn(3, 4, dtype=torch.float64)
    torch.testing.assert_close((-a)(x), -a(x))
    torch.testing.assert_close((a * 3)(x), 3 * a(x))
    torch.testing.assert_close((a / 4)(x), a(x) / 4)
    torch.testing.assert_close((2j * a)(x), 2j * a(x))


def test_shared_factors_count_once() -> None:
    a = Dense(3, 5)
    assert (a.H @ a).num_trainable == 15
    assert (a + a).num_trainable == 15
    assert kron(a, a.T).num_trainable == 15
    assert Basis(a, a).num_trainable == 17
    assert (a.H @ a + Circulant(5)).num_trainable == 20


def test_complex_numbers_count_twice() -> None:
    assert Dense(3, 5, dtype=torch.complex64).num_trainable == 30


def test_spec_of_shared_factors_is_a_graph() -> None:
    a = Dense(3, 5)
    spec = (a.H @ a).spec()
    assert [node["kind"] for node in spec["nodes"]] == ["dense", "adjoint", "product"]
    assert spec["nodes"][2]["factors"] == [{"ref": 1}, {"ref": 0}]
    assert spec["roots"] == [2]
    copy = LinearOperator.from_spec(spec)
    assert isinstance(copy, Product)
    adjoint, plain = copy
    assert adjoint.operator is plain
    assert copy.num_trainable == 15
    assert len(list(copy.parameters())) == 1
    assert len(copy.state_dict()) == 2


def test_several_roots_share() -> None:
    a = Dense(3, 5)
    spec = encode([a.H @ a, a, 2 * a, a])
    first, second, third, fourth = decode(spec, None, None, 1000)
    assert second is fourth
    assert third.operator is second
    assert list(first)[1] is second


def test_gradients_reach_shared_numbers_from_every_use() -> None:
    a = Dense(3, 3, dtype=torch.float64)
    x = torch.randn(3, dtype=torch.float64)
    (a @ a)(x).sum().backward()
    w = a.weight.detach().clone().requires_grad_()
    (w @ w @ x).sum().backward()
    torch.testing.assert_close(a.weight.grad, w.grad)


def test_same_numbers_after_moving_and_converting() -> None:
    a = Dense(3, 5)
    gram = (a.H @ a).double()
    assert gram.num_trainable == 15
    assert gram.dtype == torch.float64


def test_operators_are_hashable_and_truthy() -> None:
    a, b = square(), square()
    assert a + b
    assert kron(a)
    assert len({a, b, a}) == 2
    assert isinstance(kron(a), Kronecker)


def test_complex_operators_see_complex_input_throughout() -> None:
    seen: list[torch.dtype] = []

    class Probe(Identity):
        def _matvec(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x.dtype)
            return x

    probe = Probe(3)
    (Dense(2, 3, dtype=torch.complex64) @ (probe + Diagonal(3)))(torch.ones(3))
    (Dense(2, 3) @ (probe + Diagonal(3)))(torch.ones(3))
    assert seen == [torch.complex64, torch.float32]
