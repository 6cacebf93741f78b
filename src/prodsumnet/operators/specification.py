"""Expressions as plain JSON: a list of nodes that refer to earlier nodes.

``{"format": "prodsumnet-expression", "version": 1, "nodes": [...], "roots": [...]}``; a node is
``{"kind": name, **keywords}``, where a keyword that is an operator is ``{"ref": index}``. A node
that several others refer to is one factor, used several times. Nothing in a spec is a trained
number.
"""

import inspect
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from prodsumnet.numerics import checks, dtypes
from prodsumnet.operators import kinds

FORMAT = "prodsumnet-expression"
VERSION = 1
MAX_NODES = 20_000
MAX_DEPTH = 100
MAX_LIST_DEPTH = 8


def arguments(operator: Any) -> dict[str, Any]:
    """Return the constructor's keywords of an operator, by name, as they are now.

    A variadic parameter gives the tuple of its values. Left out are ``device``, since it belongs to
    a run and not to a structure, and what has its default value, which is float32 for ``dtype``.
    """
    found = {}
    signature = inspect.signature(kinds.lookup(operator.kind).__init__)
    for name, parameter in signature.parameters.items():
        if name not in ("self", "device"):
            # An operator's `dtype` is the whole expression's, the keyword that of its own numbers.
            value = _own_dtype(operator) if name == "dtype" else getattr(operator, name)
            default = dtypes.DEFAULT if name == "dtype" else parameter.default
            if isinstance(value, nn.ModuleList):
                found[name] = tuple(value)
            elif type(value) is not type(default) or value != default:
                found[name] = value
    return found


def _own_dtype(operator: nn.Module) -> torch.dtype | None:
    own = [*operator.parameters(recurse=False), *operator.buffers(recurse=False)]
    numeric = (tensor.dtype for tensor in own if tensor.is_floating_point() or tensor.is_complex())
    return next(numeric, None)


def _has_state(operator: nn.Module) -> bool:
    """Whether an operator itself, what it is made of aside, holds anything that is saved."""
    own = {name for name, _ in operator.named_buffers(recurse=False)}
    stored = own - operator._non_persistent_buffers_set
    return bool(stored) or next(operator.parameters(recurse=False), None) is not None


def build(kind: str, keywords: Mapping[str, Any], device: torch.device | str | None) -> Any:
    """Construct an operator of a kind from the keywords that `arguments` gives.

    Raises
    ------
    ValueError
        If a keyword is missing or unknown, or the constructor refuses the values.
    """
    cls = kinds.lookup(kind)
    parameters = dict(inspect.signature(cls.__init__).parameters)
    parameters.pop("self")
    takes_device = parameters.pop("device", None) is not None
    variadic = [n for n, p in parameters.items() if p.kind is inspect.Parameter.VAR_POSITIONAL]
    required = {n for n, p in parameters.items() if p.default is inspect.Parameter.empty}
    if unknown := keywords.keys() - parameters.keys():
        raise ValueError(
            f"{kind!r} has no keyword {checks.show(min(unknown))}, only {list(parameters)}"
        )
    if missing := required - keywords.keys():
        raise ValueError(f"{kind!r} needs the keyword {min(missing)!r}")
    named = {name: value for name, value in keywords.items() if name not in variadic}
    if takes_device:
        named["device"] = device
    if "dtype" in parameters:
        named.setdefault("dtype", dtypes.DEFAULT)
    positional = keywords[variadic[0]] if variadic else ()
    if not isinstance(positional, tuple):
        raise ValueError(
            f"{variadic[0]!r} of {kind!r} must be a list, got {checks.show(positional)}"
        )
    try:
        return cls(*positional, **named)
    except Exception as error:  # whatever a constructor makes of hostile values
        raise ValueError(f"{kind!r}: {error}") from error


def encode(roots: Sequence[Any]) -> dict[str, Any]:
    """Return the spec of several operators, in which shared factors appear once.

    Equal operators without numbers of their own are one node too, since nothing tells them apart.

    Raises
    ------
    ValueError
        If an expression is nested more than 100 deep, or has more than 20,000 nodes where a
        shared factor counts every time.
    """
    nodes: list[dict[str, Any]] = []
    index: dict[int, int] = {}
    fixed: dict[str, int] = {}
    learnt: set[int] = set()

    def visit(operator: Any, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise ValueError(f"the expression is nested more than {MAX_DEPTH} deep")
        if id(operator) not in index:
            node = {name: plain(value, depth) for name, value in arguments(operator).items()}
            node = {"kind": operator.kind, **node}
            position = len(nodes)
            targets = (ref for value in node.values() for ref in _references(value, position))
            if _has_state(operator) or not learnt.isdisjoint(targets):
                learnt.add(position)
            else:
                position = fixed.setdefault(json.dumps(node), position)
            if position == len(nodes):
                nodes.append(node)
            index[id(operator)] = position
        return index[id(operator)]

    def plain(value: Any, depth: int) -> Any:
        if isinstance(value, nn.Module):
            return {"ref": visit(value, depth + 1)}
        if isinstance(value, tuple | list):
            return [plain(entry, depth) for entry in value]
        if isinstance(value, torch.dtype):
            return dtypes.name(value)
        if isinstance(value, complex):
            return {"re": value.real, "im": value.imag}
        return value

    positions = [visit(root, 1) for root in roots]
    _check_extent(nodes)
    return {"format": FORMAT, "version": VERSION, "nodes": nodes, "roots": positions}


def decode(
    spec: Any, num_roots: int | None, device: torch.device | str | None, max_numbers: int
) -> list[Any]:
    """Build the operators of a spec, after a trial without storage that bounds their size.

    Parameters
    ----------
    spec : dict
        As returned by `encode`.
    num_roots : int or None
        How many operators are expected, if that is known.
    device : torch.device or str or None
        Where the numbers go.
    max_numbers : int
        Refuse expressions that hold more numbers in all.

    Raises
    ------
    ValueError
        If the spec is malformed, too deep or too large; the message names the node.
    """
    nodes, roots = _validated(spec)
    if num_roots is not None and len(roots) != num_roots:
        raise ValueError(f"expected a spec of {num_roots} operator(s), got {len(roots)}")
    _check_extent(nodes)
    built = _build_nodes(nodes, "meta", max_numbers)
    if device is None or torch.device(device).type != "meta":
        built = _build_nodes(nodes, device, max_numbers)
    return [built[root] for root in roots]


def _validated(spec: Any) -> tuple[list[dict[str, Any]], list[int]]:
    if not isinstance(spec, dict) or spec.get("format") != FORMAT:
        raise ValueError(f"a spec is an object with 'format': {FORMAT!r}, got {checks.show(spec)}")
    version = spec.get("version")
    if type(version) is not int or version != VERSION:
        raise ValueError(f"spec version {VERSION} expected, got {checks.show(version)}")
    nodes, roots = spec.get("nodes"), spec.get("roots")
    if not isinstance(nodes, list) or not all(_is_node(node) for node in nodes):
        raise ValueError(
            "'nodes' of a spec must be a list of objects, each with a 'kind', "
            f"got {checks.show(nodes)}"
        )
    if not 0 < len(nodes) <= MAX_NODES:
        raise ValueError(f"a spec has 1 to {MAX_NODES} nodes, got {len(nodes)}")
    if not isinstance(roots, list) or not all(
        type(root) is int and 0 <= root < len(nodes) for root in roots
    ):
        raise ValueError(f"'roots' of a spec must be indices of nodes, got {checks.show(roots)}")
    return nodes, roots


def _is_node(node: Any) -> bool:
    return isinstance(node, dict) and "kind" in node and all(isinstance(key, str) for key in node)


def _check_extent(nodes: list[dict[str, Any]]) -> None:
    """Bound the depth of every node, and its size with every shared factor written out.

    Evaluation goes through the expression written out, which sharing can make exponentially larger
    than its spec.
    """
    depths: list[int] = []
    sizes: list[int] = []
    for position, node in enumerate(nodes):
        targets = [ref for value in node.values() for ref in _references(value, position)]
        depths.append(1 + max((depths[target] for target in targets), default=0))
        sizes.append(1 + sum(sizes[target] for target in targets))
        if depths[position] > MAX_DEPTH:
            raise ValueError(f"node {position} is nested more than {MAX_DEPTH} deep")
        if sizes[position] > MAX_NODES:
            raise ValueError(
                f"node {position} has more than {MAX_NODES} nodes below it, counting a shared one "
                "every time"
            )


def _references(value: Any, position: int, depth: int = 0) -> Iterator[int]:
    if isinstance(value, list):
        if depth == MAX_LIST_DEPTH:
            raise ValueError(f"node {position} has lists nested more than {MAX_LIST_DEPTH} deep")
        for entry in value:
            yield from _references(entry, position, depth + 1)
    elif isinstance(value, dict) and value.keys() != {"re", "im"}:
        target = value.get("ref")
        if len(value) != 1 or type(target) is not int or not 0 <= target < position:
            raise ValueError(
                f"node {position} must refer to an earlier node, got {checks.show(value)}"
            )
        yield target


def _build_nodes(
    nodes: list[dict[str, Any]], device: torch.device | str | None, max_numbers: int
) -> list[Any]:
    built: list[Any] = []
    total = 0
    for position, node in enumerate(nodes):
        try:
            keywords = {name: _value(name, v, built) for name, v in node.items() if name != "kind"}
            operator = build(node["kind"], keywords, device)
        except ValueError as error:
            raise ValueError(f"node {position}: {error}") from error
        own = [*operator.parameters(recurse=False), *operator.buffers(recurse=False)]
        total += sum(tensor.numel() for tensor in own)
        if total > max_numbers:
            raise ValueError(
                f"node {position}: the expression holds at least {total} numbers, "
                f"at most {max_numbers} are allowed"
            )
        built.append(operator)
    return built


def _value(name: str, value: Any, built: list[Any]) -> Any:
    """Return the Python value of a JSON value whose references are known to be sound."""
    if name == "dtype":
        return dtypes.named(value)
    if isinstance(value, list):
        return tuple(_value("", entry, built) for entry in value)
    if isinstance(value, dict):
        return built[value["ref"]] if "ref" in value else _complex(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    if value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError(f"{name} must be a JSON value, got {checks.show(value)}")
    return value


def _complex(value: dict[str, Any]) -> complex:
    parts = value["re"], value["im"]
    if not all(type(part) in (int, float) and abs(part) <= sys.float_info.max for part in parts):
        raise ValueError(f"a complex number needs two finite numbers, got {checks.show(value)}")
    return complex(*parts)
