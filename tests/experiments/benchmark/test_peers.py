"""Other packages, where they are installed, compute what our operators compute."""

import builtins
import warnings

import pytest
import torch

from prodsumnet.experiments.benchmark.convolution import convolution_cases
from prodsumnet.experiments.benchmark.linear import operator_cases
from prodsumnet.experiments.benchmark.peers import PEERS, torch_structured

CASES = {case.name: case for case in [*operator_cases(), *convolution_cases()]}
SIZES = {"monarch-64": 4096, "cp-64": 4096, "tucker-quarter": 64, "sparse-64": 4096}
"""Of some they must be large: cola-ml mixes up the entries of a row unless its sort is stable."""
PAIRS = [(peer, name) for peer in PEERS for name in peer.builders]


def small(name):
    return CASES[name].build(SIZES.get(name, 9 if name.startswith("convolution") else 16))


@pytest.mark.filterwarnings("ignore")  # Theirs.
@pytest.mark.parametrize(("peer", "name"), PAIRS, ids=lambda part: getattr(part, "name", part))
def test_values_agree(peer, name):
    torch.manual_seed(0)
    subject = small(name)
    if name == "toeplitz-matrix":  # That package knows symmetric ones only.
        (diagonals,) = subject.operator.parameters()
        with torch.no_grad():
            diagonals.add_(diagonals.flip(0).clone())
    try:
        theirs = peer.builders[name](subject.operator)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    x = torch.randn(subject.sample(3))
    with torch.no_grad():
        expected, found = subject.layer("auto")(x), theirs(x)
    if (peer.name, name) == ("torch-structured", "butterfly-matrix"):
        half = subject.operator.out_features // 2
        found = found.view(3, 2, half).mT.reshape(3, -1)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    if getattr(theirs, "trains", True):
        numbers = list(theirs.parameters())
        assert sum(number.numel() for number in numbers) >= subject.operator.num_trainable or (
            name == "toeplitz-matrix"
        )
        assert all(number.requires_grad for number in numbers)


def test_every_case_of_a_peer_exists():
    assert {name for _, name in PAIRS} <= CASES.keys()


def test_the_nested_modules_are_the_formula():
    subject = CASES["product-of-sums"].build(16)
    (modules,) = subject.rivals.values()
    x = torch.randn(4, 16)
    torch.testing.assert_close(modules(x), subject.operator(x))
    shared = {id(number) for number in subject.operator.parameters()}
    assert {id(number) for number in modules.parameters()} == shared


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_missing_package_is_named(peer, monkeypatch):
    original = builtins.__import__

    def absent(name, *rest):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", absent)
    monkeypatch.setattr(torch_structured.importlib.util, "find_spec", lambda name: None)
    name = next(iter(peer.builders))
    with pytest.raises(ModuleNotFoundError, match=f"{peer.name} is missing.*prodsumnet.peers"):
        peer.builders[name](small(name).operator)
    assert builtins.__import__ is original


def test_nothing_is_said_on_import():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for peer in PEERS:
            name = next(iter(peer.builders))
            try:
                peer.builders[name](small(name).operator)
            except ModuleNotFoundError:
                continue
