"""Checks of arguments: what passes, what does not, and what the messages say."""

import numpy as np
import pytest
import torch

from prodsumnet.numerics import checks


def test_integers_of_any_kind_become_python_integers() -> None:
    for value in (3, np.int64(3), np.uint8(3)):
        number = checks.positive_int("n", value)
        assert number == 3
        assert type(number) is int
    assert checks.bounded_int("n", -5, -5, 5) == -5
    assert checks.positive_int("n", 2**31 - 1) == 2**31 - 1
    assert checks.seed_int(2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize("value", [1.0, "1", None, True, np.float64(1), np.bool_(True), [1], 1j])
def test_what_is_no_integer(value: object) -> None:
    with pytest.raises(TypeError, match="n must be an integer, got"):
        checks.positive_int("n", value)
    with pytest.raises(TypeError, match="seed must be an integer, got"):
        checks.seed_int(value)


@pytest.mark.parametrize(("value", "said"), [(0, "0"), (-1, "-1"), (2**31, str(2**31))])
def test_integers_out_of_range(value: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"n must lie between 1 and {2**31 - 1}, got {said}$"):
        checks.positive_int("n", value)


def test_integers_too_long_to_write() -> None:
    with pytest.raises(ValueError, match="got an integer of 100001 bits"):
        checks.positive_int("n", 1 << 100_000)


def test_sizes() -> None:
    assert checks.size_tuple("s", 3, 2) == (3, 3)
    assert checks.size_tuple("s", np.int32(3), 2) == (3, 3)
    assert checks.size_tuple("s", [3, 4], 2) == (3, 4)
    assert checks.size_tuple("s", (0, 4), 2, minimum=0) == (0, 4)
    for wrong in ((1,), (1, 2, 3), "12", None, 1.5):
        with pytest.raises(ValueError, match="s must be an integer or 2 integers, got"):
            checks.size_tuple("s", wrong, 2)
    with pytest.raises(ValueError, match="s must lie between 1"):
        checks.size_tuple("s", (0, 4), 2)
    with pytest.raises(TypeError, match="s must be an integer, got '4'"):
        checks.size_tuple("s", (3, "4"), 2)


def test_sequences() -> None:
    assert checks.int_sequence("s", np.array([2, 0])) == (2, 0)
    assert [type(n) for n in checks.int_sequence("s", torch.tensor([2]).tolist())] == [int]
    assert checks.int_sequence("s", range(3), 2) == (0, 1, 2)
    assert checks.int_sequence("s", ()) == ()
    for wrong in (3, "12", None, iter([1])):
        with pytest.raises(TypeError, match="s must be a sequence of integers, got"):
            checks.int_sequence("s", wrong)
    with pytest.raises(ValueError, match="s must lie between 0 and 2, got 3"):
        checks.int_sequence("s", [3], 2)
    with pytest.raises(TypeError, match=r"s must be an integer, got 1\.0"):
        checks.int_sequence("s", [1.0])


def test_counts() -> None:
    assert checks.number_count("A", 3, 4, 5) == 60
    with pytest.raises(ValueError, match=f"A would hold {2**62} numbers, at most {2**31 - 1} are"):
        checks.number_count("A", 2**31, 2**31)


def test_dtypes() -> None:
    assert checks.numeric_dtype(None) == torch.get_default_dtype()
    for dtype in (torch.float16, torch.bfloat16, torch.float64, torch.complex64):
        assert checks.numeric_dtype(dtype) == dtype
    for wrong in (torch.int64, torch.bool, "float32", 3):
        with pytest.raises(TypeError, match="dtype must be a floating or complex torch dtype, got"):
            checks.numeric_dtype(wrong)  # pyright: ignore[reportArgumentType]


def test_unify_makes_both_complex_or_neither() -> None:
    real, imaginary = torch.zeros(2), torch.zeros(2, dtype=torch.complex64)
    assert checks.unify(real, real)[0] is real
    for a, b in ((real, imaginary), (imaginary, real), (imaginary, imaginary)):
        assert [t.dtype for t in checks.unify(a, b)] == [torch.complex64] * 2
    wide = checks.unify(torch.zeros(2, dtype=torch.float64), imaginary.to(torch.complex128))
    assert [t.dtype for t in wide] == [torch.complex128] * 2


def test_representations_stay_short() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    for value in ("x" * 10**6, list(range(10**6)), {i: i for i in range(10**5)}, deep, 1 << 10**6):
        assert 0 < len(checks.show(value)) < 300
    assert checks.show("same") == "'same'"
    assert checks.show((1, 2)) == "(1, 2)"
    assert checks.show(2**64) == str(2**64)
    assert checks.show(1 << 300) == "an integer of 301 bits"
    # Unwind by hand: the interpreter would recurse to free it.
    while isinstance(deep, list):
        deep = deep.pop()


def test_autocasting() -> None:
    cpu = torch.device("cpu")
    assert not checks.autocasting(cpu)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert checks.autocasting(cpu)
    assert not checks.autocasting(torch.device("meta"))
