"""Names, lookups, the table, and what `build` refuses."""

import time
import tracemalloc
from pathlib import Path

import pytest
import torch

from prodsumnet import families
from prodsumnet.families import registry

ROOT = Path(__file__).parents[2]

LITERATURE = {
    "acdc",
    "banded",
    "basis",
    "block-circulant",
    "block-sparse",
    "butterfly",
    "cellular",
    "circulant",
    "convolution",
    "cp",
    "dct",
    "diagonal",
    "diffractive",
    "dilated-convolution",
    "fastfood",
    "fourier",
    "givens",
    "hankel",
    "hashed",
    "householder",
    "johnson-lindenstrauss",
    "kronecker",
    "kronecker-sum",
    "locally-connected",
    "low-displacement-rank",
    "low-rank",
    "m-product",
    "monarch",
    "optical-correlator",
    "permutation",
    "random-projection",
    "sparse",
    "t-product",
    "tensor-train",
    "toeplitz",
    "tucker",
}
NEWER = {"blast", "block-tensor-train", "deformable-butterfly"}


def test_the_literature_is_there() -> None:
    assert set(families.names()) >= LITERATURE | NEWER
    assert list(families.names()) == sorted(families.names())


@pytest.mark.parametrize("name", families.names())
def test_every_family_says_what_it_is(name: str) -> None:
    family = families.get(name)
    assert family.name == name
    for text in (family.formula, family.source, family.good_for, family.accepts):
        assert text.strip() == text
        assert len(text) > 2
        assert "|" not in text
        assert "\n" not in text
    assert any(character.isdigit() for character in family.source) or name in (
        "diagonal",
        "permutation",
    )
    assert "least" in family.accepts


def test_unknown_names() -> None:
    for name in ("dense", "", None, 3, "low_rank"):
        with pytest.raises(ValueError, match=r"unknown family .*, expected one of acdc, "):
            families.get(name)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 4, 10), ValueError, "out_features must lie between 1 and"),
        ((4, -1, 10), ValueError, "in_features must lie between 1 and"),
        ((4, 2.0, 10), TypeError, "in_features must be an integer, got 2.0"),
        ((2**60, 4, 10), ValueError, "out_features must lie between"),
        ((2**20, 2**20, 10), ValueError, "a matrix of 1048576×1048576 would hold"),
        ((4, 4, 0), ValueError, "budget must lie between 1 and 1048576, got 0"),
        ((4, 4, -7), ValueError, "budget must lie between 1 and 1048576, got -7"),
        ((4, 4, 2**60), ValueError, "budget must lie between 1 and 1048576, got 11529"),
        ((4, 4, 10**5000), ValueError, "budget must lie between .* an integer of 16610 bits"),
        ((4, 4, "10"), TypeError, "budget must be an integer, got '10'"),
        ((4, 4, True), TypeError, "budget must be an integer, got True"),
        ((4, 4, 10, -1), ValueError, "seed must lie between 0"),
    ],
)
@pytest.mark.parametrize("name", families.names())
def test_refusals_are_quick_and_small(
    name: str, arguments: tuple, error: type[Exception], message: str
) -> None:
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(error, match=message):
        families.build(name, *arguments, exact=True)
    assert time.monotonic() - started < 1
    assert tracemalloc.get_traced_memory()[1] < 200e6
    tracemalloc.stop()


@pytest.mark.parametrize("name", families.names())
def test_unknown_options_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=rf"family '{name}' takes .*, got 'colour'"):
        families.build(name, 64, 64, 4096, colour="red")


def test_types_of_numbers() -> None:
    operator = families.build("low-rank", 4, 5, 20, dtype=torch.float64)
    assert operator.dtype == torch.float64
    for dtype in (torch.complex64, torch.int64, "float32"):
        with pytest.raises(TypeError, match="dtype must be a real floating torch dtype, got"):
            families.build("low-rank", 4, 5, 20, dtype=dtype)  # pyright: ignore[reportArgumentType]


def test_a_family_in_the_wrong_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from prodsumnet.families import hashed, low_rank

    monkeypatch.setattr(hashed, "FAMILY", low_rank.FAMILY)
    with pytest.raises(ValueError, match=r"families/hashed\.py must not define family 'low-rank'"):
        registry._families.__wrapped__()


def test_the_documented_table_is_the_registry() -> None:
    assert families.markdown() in (ROOT / "docs/families.md").read_text(encoding="utf-8")


def test_remainder_of_any_size() -> None:
    for count in (1, 12, 13, 40):
        term = families.remainder(3, 4, count, seed=1)
        assert term.shape == (3, 4)
        assert term.num_trainable == count
