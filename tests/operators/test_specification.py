"""Specs: what is written, and what a reader refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.discovery import collect
from tests.operators import hostile

from prodsumnet.operators import (
    DCT,
    Basis,
    Constant,
    Dense,
    Factor,
    LinearOperator,
    RandomSigns,
    decode,
    encode,
)
from prodsumnet.operators.combination import Combination
from prodsumnet.operators.specification import MAX_DEPTH

ROOT = Path(__file__).parents[2]
HOSTILE = hostile.cases()


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses(name: str) -> None:
    spec, message = HOSTILE[name]
    with pytest.raises(ValueError, match=message) as caught:
        LinearOperator.from_spec(spec)
    assert type(caught.value) is ValueError
    assert len(str(caught.value)) < 1000


def test_refusing_is_cheap() -> None:
    """In a process of its own: a second and 200 MB at most, whatever is asked for."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.operators.hostile"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report.keys() == HOSTILE.keys() | hostile.harmless().keys()
    for name, (outcome, seconds, megabytes) in report.items():
        assert outcome == ("refused" if name in HOSTILE else "built"), name
        assert seconds < 1, name
        assert megabytes < 200, name


def test_absurd_numbers_in_specs_of_every_kind_are_cheap() -> None:
    """In a process of its own, with little memory: refused, or harmless."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.operators.absurd"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["failures"] == {}
    assert report["count"] > 2000


def test_a_limit_on_numbers_is_kept_to_the_number() -> None:
    spec = (Dense(3, 4) + RandomSigns(3, 4)).spec()
    assert LinearOperator.from_spec(spec, max_numbers=24).num_trainable == 12
    with pytest.raises(ValueError, match="holds at least 24 numbers, at most 23 are allowed"):
        LinearOperator.from_spec(spec, max_numbers=23)


def test_a_limit_on_depth_holds_on_both_sides() -> None:
    operator: LinearOperator = Dense(2, 2)
    for _ in range(MAX_DEPTH - 1):
        operator = 2 * operator
    assert LinearOperator.from_spec(operator.spec()).num_trainable == 4
    with pytest.raises(ValueError, match="nested more than 100 deep"):
        (2 * operator).spec()


def test_depth_is_that_of_the_longest_path() -> None:
    short = Dense(2, 2)
    operator: LinearOperator = short
    for _ in range(MAX_DEPTH - 1):
        operator = 2 * operator
    with pytest.raises(ValueError, match="nested more than 100 deep"):
        # The long way down is seen second, when the shared end of it is already written.
        encode([short, 2 * operator])


def test_what_is_written_out_is_bounded() -> None:
    operator: LinearOperator = Dense(2, 2)
    for _ in range(20):
        operator = 2 * (operator + operator)
    with pytest.raises(ValueError, match="counting a shared one every time"):
        operator.spec()


def test_an_operator_without_a_kind_has_no_spec() -> None:
    class Nameless(LinearOperator):
        pass

    with pytest.raises(ValueError, match="unknown kind of operator ''"):
        Nameless(2, 3).spec()


def test_hooks_are_required() -> None:
    class Hollow(LinearOperator):
        pass

    operator = Hollow(2, 3)
    for call in (
        lambda: operator(torch.zeros(3)),
        lambda: operator.H(torch.zeros(2)),
        lambda: operator.cost(),
    ):
        with pytest.raises(NotImplementedError):
            call()


def test_hooks_of_leaves_are_required() -> None:
    class Leaf(Factor):
        pass

    class Terms(Combination):
        pass

    leaf, terms = Leaf(2, 2), Terms(2, 2)
    leaf.weight = terms.weight = torch.nn.Parameter(torch.ones(2))
    for call in (leaf.second_moment, leaf.reset_parameters, terms.to_dense):
        with pytest.raises(NotImplementedError):
            call()


def test_defaults_are_left_out() -> None:
    assert Dense(2, 3).spec()["nodes"] == [{"kind": "dense", "out_features": 2, "in_features": 3}]
    assert Dense(2, 3, dtype=torch.complex64).spec()["nodes"][0]["dtype"] == "complex64"


def test_numbers_have_their_type_whatever_the_default() -> None:
    spec = Dense(2, 3).spec()
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        assert LinearOperator.from_spec(spec).dtype == torch.float32
        assert Dense(2, 3).spec()["nodes"][0]["dtype"] == "float64"
    finally:
        torch.set_default_dtype(before)


def test_dtype_of_a_basis_is_that_of_its_coefficients() -> None:
    basis = Basis(Dense(2, 3, dtype=torch.complex128), dtype=torch.float64)
    copy = LinearOperator.from_spec(basis.spec())
    assert [p.dtype for p in copy.parameters()] == [p.dtype for p in basis.parameters()]


def test_complex_scalars() -> None:
    copy = LinearOperator.from_spec(json.loads(json.dumps(((1 - 2j) * DCT(3)).spec())))
    assert copy.scalar == 1 - 2j  # pyright: ignore[reportAttributeAccessIssue]


def test_several_roots_of_any_number() -> None:
    spec = encode([DCT(3), Dense(2, 2)])
    assert [operator.shape for operator in decode(spec, None, None, 10)] == [(3, 3), (2, 2)]
    with pytest.raises(ValueError, match=r"expected a spec of 1 operator\(s\), got 2"):
        LinearOperator.from_spec(spec)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["dense", "sum", "float32", "same", "circular", "prodsumnet-expression"])
    | st.builds(lambda i: {"ref": i}, st.integers(-1, 5)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["ref", "re", "im", "kind", "size", "nodes", "roots", "terms"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)

SEEDS = [case.build().spec() for case in collect().values()]


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths of everything inside a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        found += [p for key, entry in value.items() for p in places(entry, (*path, key))]
    if isinstance(value, list):
        found += [p for key, entry in enumerate(value) for p in places(entry, (*path, key))]
    return found


@st.composite
def mutated(draw: Any) -> Any:
    """A sound spec in which up to three values are replaced, removed, doubled or renamed."""
    spec = json.loads(json.dumps(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(1, 3))):
        *parents, key = draw(st.sampled_from(places(spec) or [("nodes",)]))
        holder = spec
        for parent in parents:
            holder = holder[parent]
        change = draw(st.sampled_from(["replace", "remove", "double", "rename"]))
        if change == "replace" or key not in (holder if isinstance(holder, dict) else [key]):
            holder[key] = draw(JSON)
        elif change == "remove":
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(key, holder[key])
        elif change == "double":
            holder[draw(st.text(max_size=3))] = holder[key]
        else:
            holder[draw(st.sampled_from(["ref", "kind", "size", "seed"]))] = holder.pop(key)
    return spec


def fuzz(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def survives(spec: Any) -> bool:
    """Whether a spec is built; anything but that or a ValueError fails the test."""
    try:
        operator = LinearOperator.from_spec(spec, max_numbers=10_000)
    except ValueError as error:
        assert type(error) is ValueError
        assert len(str(error)) < 2000
        return False
    assert operator.num_trainable <= 20_000
    assert LinearOperator.from_spec(operator.spec()).shape == operator.shape
    return True


@fuzz(300)
@given(JSON)
def test_random_json_is_refused(value: Any) -> None:
    assert not survives(value)
    assert not survives(hostile.spec(value) if isinstance(value, dict) else value)
    assert not survives(hostile.spec(nodes=value, roots=[0]))


def test_mutated_specs_are_refused_or_built() -> None:
    outcomes: list[bool] = []

    @fuzz(1000)
    @given(mutated())
    def visit(spec: Any) -> None:
        outcomes.append(survives(spec))

    visit()
    # Or the mutations are too wild, or too tame, to say anything.
    assert len(outcomes) * 0.02 < sum(outcomes) < len(outcomes) * 0.7


def test_equal_operators_without_numbers_are_written_once() -> None:
    a, b = Dense(4, 4), Dense(4, 4)
    spec = ((2 * DCT(4)) @ a @ (2 * DCT(4)) @ b @ DCT(4)).spec()
    assert [node["kind"] for node in spec["nodes"]] == [
        "dct",
        "scaled",
        "dense",
        "dense",
        "product",
    ]
    copy = LinearOperator.from_spec(spec)
    assert copy.num_trainable == 32


def test_operators_with_numbers_stay_apart_however_alike() -> None:
    first, second = Constant.of(torch.ones(2, 2)), Constant.of(torch.eye(2))
    operator = first.H @ second.H + Dense(2, 2).H @ Dense(2, 2).H
    copy = LinearOperator.from_spec(operator.spec())
    assert copy.num_trainable == 8
    copy.load_state_dict(operator.state_dict())
    assert torch.equal(copy.to_dense(), operator.to_dense())
