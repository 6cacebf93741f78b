"""torch-dct: the discrete cosine transform by a complex FFT."""

from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, load
from prodsumnet.operators import LinearOperator


def _dct(operator: LinearOperator) -> nn.Module:
    transform = load("torch_dct", "torch-dct").dct
    return Function(lambda: lambda x: transform(x, norm="ortho"))


PEER = Peer("torch-dct", {"dct-transform": _dct})
