"""The packages that implement some of the same operators, one file each."""

from prodsumnet.experiments.benchmark.peers import (
    cola,
    hadamard_transform,
    linear_operator,
    pyfaust,
    tensorly_torch,
    torch_dct,
    torch_structured,
)
from prodsumnet.experiments.benchmark.peers.peer import Peer

PEERS: tuple[Peer, ...] = (
    tensorly_torch.PEER,
    torch_structured.PEER,
    pyfaust.PEER,
    cola.PEER,
    linear_operator.PEER,
    torch_dct.PEER,
    hadamard_transform.PEER,
)

__all__ = ["PEERS", "Peer"]
