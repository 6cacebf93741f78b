"""Trained networks as single files: the expression as JSON, and the trained numbers.

Nothing that a seed or a formula gives is in the file. The numbers are two flat vectors for each
type, ``parameters.float32`` and, where there are running statistics or given matrices,
``buffers.float32``, in the order in which the network lists them. A complex number is two real
ones. Parameters may be kept in eight bits, with their ``steps.parameters.float32`` beside them.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from prodsumnet.nn import Network, stored_tensors
from prodsumnet.numerics import checks, dtypes
from prodsumnet.storage import tensors
from prodsumnet.storage.quantization import dequantize, quantize

FORMAT = "prodsumnet-model"
MAX_INPUT = 2**28
"""Largest number of values in one input of a network that is read."""

_PARAMETERS, _STEPS = "parameters.", "steps."
_SHIPPED = Path(__file__).parent / "shipped"


def shipped_names() -> tuple[str, ...]:
    """Names of the trained networks inside the package."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.safetensors")))


def save(
    model: Network,
    path: str | Path,
    about: dict[str, Any] | None = None,
    bits: Literal[8] | None = None,
) -> None:
    """Write a network to one safetensors file, atomically.

    Parameters
    ----------
    model : Network
        The network.
    path : str or Path
        The file; an existing one is replaced.
    about : dict, optional
        Plain JSON to keep beside the network, such as the data set it was trained on.
    bits : 8, optional
        Keep every parameter in a byte, as a multiple of a 127th of the largest in its tensor; what
        is loaded then is this rounded network. Running statistics and given matrices stay exact.

    Raises
    ------
    TypeError
        If ``model`` is not a `Network`, or ``about`` is not plain JSON.
    ValueError
        If a number is not finite, or ``bits`` is something else.
    OSError
        If the file cannot be written.
    """
    if not isinstance(model, Network):
        raise TypeError(f"save takes a prodsumnet.nn.Network, got {type(model).__name__}")
    if bits not in (None, 8):
        raise ValueError(
            f"bits must be 8, or None for numbers as they are, got {checks.show(bits)}"
        )
    parts: dict[str, list[torch.Tensor]] = {}
    for key, numbers in _stored(model):
        if not numbers.isfinite().all():
            raise ValueError(f"a number among the {key} is not finite; such a network is not saved")
        parts.setdefault(key, []).append(numbers.reshape(-1))
    vectors = {key: torch.cat(numbers) for key, numbers in parts.items()}
    if bits is not None:
        for key in [key for key in parts if key.startswith(_PARAMETERS)]:
            vectors[key], vectors[_STEPS + key] = quantize(parts[key])
    header = {"format": FORMAT, "about": about or {}, "network": model.spec()}
    tensors.write(Path(path), vectors, header)


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
    vectors, header = _read(file)
    try:
        # First without storage, so that nothing is allocated for numbers that the file has not.
        bare = Network.from_spec(header.get("network"), "meta")
        vectors = _widened(bare, vectors)
        _check(bare, vectors)
        model = Network.from_spec(header.get("network"), device)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    _fill(model, vectors)
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
        given = checks.show(header.get("format"))
        raise ValueError(f"{file} is not a saved network: its format is {given}, not {FORMAT!r}")
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


def _stored(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the numbers of every stored tensor, real, and the name of the vector they go to."""
    for tensor in stored_tensors(model):
        numbers = tensors.as_real(tensor)
        kind = _PARAMETERS if isinstance(tensor, nn.Parameter) else "buffers."
        yield f"{kind}{dtypes.name(numbers.dtype)}", numbers


def _widened(model: Network, vectors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the vectors of a file with full numbers in the place of those in eight bits."""
    full = dict(vectors)
    for key in vectors:
        if key.startswith(_PARAMETERS) and _STEPS + key in vectors:
            sizes = [numbers.numel() for name, numbers in _stored(model) if name == key]
            try:
                full[key] = dequantize(full[key], full.pop(_STEPS + key), sizes)
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from error
    return full


def _check(model: Network, vectors: dict[str, torch.Tensor]) -> None:
    """Refuse vectors that are not those of a network, which may be without storage."""
    if math.prod(model.input_shape) > MAX_INPUT:
        raise ValueError(f"an input has at most {MAX_INPUT} values, got {model.input_shape}")
    expected: dict[str, int] = {}
    for key, numbers in _stored(model):
        expected[key] = expected.get(key, 0) + numbers.numel()
    if expected.keys() != vectors.keys():
        raise ValueError(
            f"the expression needs {sorted(expected)}, the file holds {checks.show(list(vectors))}"
        )
    for key, vector in vectors.items():
        dtype = key.split(".")[1]
        if dtypes.name(vector.dtype) != dtype or vector.shape != (expected[key],):
            raise ValueError(
                f"{key} must be one vector of {expected[key]} {dtype} numbers, got "
                f"{dtypes.name(vector.dtype)} of shape {checks.show(tuple(vector.shape))}"
            )
        if not vector.isfinite().all():
            raise ValueError(f"a number among the {key} is not finite")


def _fill(model: nn.Module, vectors: dict[str, torch.Tensor]) -> None:
    position = dict.fromkeys(vectors, 0)
    for key, numbers in _stored(model):
        start, position[key] = position[key], position[key] + numbers.numel()
        numbers.copy_(vectors[key][start : position[key]].view(numbers.shape))
