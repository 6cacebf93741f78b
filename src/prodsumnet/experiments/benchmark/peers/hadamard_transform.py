"""hadamard-transform: the fast Walsh-Hadamard transform in a loop of butterflies."""

from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, load
from prodsumnet.operators import LinearOperator


def _hadamard(operator: LinearOperator) -> nn.Module:
    transform = load("hadamard_transform", "hadamard-transform").hadamard_transform
    return Function(lambda: transform)


PEER = Peer("hadamard-transform", {"hadamard": _hadamard})
