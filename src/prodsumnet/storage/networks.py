"""Trained networks as single files: the expression as JSON, and the trained numbers.

Nothing that a seed or a formula gives is in the file. The numbers are two flat vectors for each
type, ``parameters.float32`` and, where there are running statistics or given matrices,
``buffers.float32``, in the order in which the network lists them.
"""

from pathlib import Path
from typing import Any


import torch
from torch import nn

from prodsumnet.nn import Network, stored_tensors
from prodsumnet.storage import tensors

FORMAT = "prodsumnet-model"
_SHIPPED = Path(__file__).parent / "shipped"


def shipped_names() -> tuple[str, ...]:
    """Names of the trained networks inside the package."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.safetensors")))


def save(model: Network, path: str | Path, about: dict[str, Any] | None = None) -> None:
    """Write a network to one safetensors file, atomically.

    Parameters
    ----------
    model : Network
        The network.
    path : str or Path
        The file; an existing one is replaced.
    about : dict, optional
        Plain JSON to keep beside the network, such as the data set it was trained on.

    Raises
    ------
    TypeError
        If ``model`` is not a `Network`.
    ValueError
        If a number is not finite.
    OSError
        If the file cannot be written.
    """
    if not isinstance(model, Network):
        raise TypeError(f"save takes a prodsumnet.nn.Network, got {type(model).__name__}")
    vectors: dict[str, list[torch.Tensor]] = {}
    for key, tensor in _stored(model):
        if not tensor.isfinite().all():
            raise ValueError(f"a number among the {key} is not finite; such a network is not saved")
        vectors.setdefault(key, []).append(tensor.detach().reshape(-1))
    flat = {key: torch.cat(parts) for key, parts in vectors.items()}
    tensors.write(Path(path), flat, {"format": FORMAT, "about": about or {}, "network": model.spec()})


def load(path: str | Path, device: torch.device | str | None = None) -> Network:
    """Read a network, from a file or by the name of one that ships in the package.

    Parameters
    ----------
    path : str or Path
        A file that `save` wrote, or a name in `shipped_names`.
    device : torch.device or str, optional
        Where the numbers go.

    Returns
    -------
    Network
        In evaluation mode.

    Raises
    ------
    FileNotFoundError
        If there is neither such a file nor such a name.
    ValueError
        If the file is not a network of this library, or its numbers do not fit its expression.
    """
    file = _resolve(path)
    found, header = _read(file)
    try:
        model = Network.from_spec(header.get("network"), device)
        _fill(model, found)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    return model.eval()


def about(path: str | Path) -> dict[str, Any]:
    """Return what was kept beside a network, see `save`.

    Raises
    ------
    FileNotFoundError, ValueError
        As for `load`.
    """
    kept = _read(_resolve(path))[1].get("about")
    return kept if isinstance(kept, dict) else {}


def _read(file: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    found, header = tensors.read(file)
    if header.get("format") != FORMAT:
        raise ValueError(f"{file} is not a saved network: its format is {header.get('format')!r:.80}")
    return found, header


def _resolve(path: str | Path) -> Path:
    file = Path(path)
    if file.is_file():
        return file
    if str(path) in shipped_names():
        return _SHIPPED / f"{path}.safetensors"
    raise FileNotFoundError(
        f"there is no file {str(path)!r}, and no shipped network of that name "
        f"(shipped: {', '.join(shipped_names()) or 'none'})"
    )


def _stored(model: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Stored tensors in order, each with the name of the vector that it goes to."""
    return [
        (f"{'parameters' if isinstance(t, nn.Parameter) else 'buffers'}.{_dtype(t)}", t)
        for t in stored_tensors(model)
    ]


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


@torch.no_grad()
def _fill(model: nn.Module, vectors: dict[str, torch.Tensor]) -> None:
    expected: dict[str, int] = {}
    for key, tensor in _stored(model):
        expected[key] = expected.get(key, 0) + tensor.numel()
    given = {key: vector.numel() for key, vector in vectors.items()}
    if given != expected:
        raise ValueError(f"the expression needs the numbers {expected}, the file holds {given}")
    for key, vector in vectors.items():
        if _dtype(vector) != key.split(".")[1] or vector.dim() != 1 or not vector.isfinite().all():
            raise ValueError(f"{key} must be one vector of finite {key.split('.')[1]} numbers")
    position = dict.fromkeys(vectors, 0)
    for key, tensor in _stored(model):
        start, stop = position[key], position[key] + tensor.numel()
        tensor.copy_(vectors[key][start:stop].view(tensor.shape))
        position[key] = stop
