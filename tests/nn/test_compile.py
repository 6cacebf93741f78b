"""Layers of every real family compile as one graph, with their gradients, and are exported."""

import pytest
import torch

import prodsumnet as psn
from prodsumnet import families

OUT, IN = 12, 16


def build(name: str) -> psn.nn.Linear:
    budget = max(families.get(name).least(OUT, IN), 60)
    return psn.nn.Linear(IN, OUT, name, budget=budget)


REAL = [name for name in families.names() if not build(name).operator.to_dense().is_complex()]


def test_only_optics_is_complex() -> None:
    assert set(families.names()) - set(REAL) == {"diffractive", "optical-correlator"}


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """All layers share one forward, of which torch compiles only a few versions."""
    torch.compiler.reset()


@pytest.mark.parametrize("name", REAL)
def test_a_family_compiles_as_one_graph(name: str) -> None:
    layer, x = build(name), torch.randn(5, IN)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    for wanted in (True, False):
        with torch.set_grad_enabled(wanted):
            torch.testing.assert_close(compiled(x), layer(x))
    weights = torch.randn(5, OUT)
    slopes = (
        torch.autograd.grad((call(x) * weights).sum(), list(layer.parameters()))
        for call in (compiled, layer)
    )
    for found, expected in zip(*slopes, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", REAL)
def test_a_family_is_exported(name: str) -> None:
    layer, x = build(name).eval(), torch.randn(5, IN)
    program = torch.export.export(layer, (x,))
    other = torch.randn(5, IN)
    torch.testing.assert_close(program.module()(other), layer(other))
    assert program.state_dict.keys() >= layer.state_dict().keys()
