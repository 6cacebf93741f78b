"""Specs that no honest program writes, and what it costs to refuse them.

Run as a program, with an address space that would not hold what they ask for, it refuses them all
and prints seconds and megabytes of each as JSON.
"""

import json
import resource
import sys
import time
from typing import Any

from prodsumnet.operators import LinearOperator

IDENTITY = {"kind": "identity", "size": 2}


def spec(*nodes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "format": "prodsumnet-expression",
        "version": 1,
        "nodes": list(nodes),
        "roots": [len(nodes) - 1],
        **changes,
    }


def ref(index: Any) -> dict[str, Any]:
    return {"ref": index}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def nested_objects(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"ref": value}
    return value


def chain(length: int) -> dict[str, Any]:
    """Adjoints of adjoints."""
    links = [{"kind": "adjoint", "operator": ref(i)} for i in range(length)]
    return spec({"kind": "dense", "out_features": 2, "in_features": 2}, *links)


def doubling(kind: str, keyword: str, between: str | None, levels: int) -> dict[str, Any]:
    """Each node uses the one before twice: small as a graph, 2**levels written out."""
    nodes: list[dict[str, Any]] = [{"kind": "dense", "out_features": 1, "in_features": 1}]
    for _ in range(levels):
        nodes.append({"kind": kind, keyword: [ref(len(nodes) - 1)] * 2})
        if between:
            nodes.append({"kind": between, "operator": ref(len(nodes) - 1)})
    return spec(*nodes)


def tower(leaf: dict[str, Any], levels: int) -> dict[str, Any]:
    nodes = [leaf]
    for _ in range(levels):
        nodes.append({"kind": "kronecker", "factors": [ref(len(nodes) - 1)] * 3})
    return spec(*nodes)


def dense(**changes: Any) -> dict[str, Any]:
    return spec({"kind": "dense", "out_features": 2, "in_features": 2, **changes})


def cases() -> dict[str, tuple[Any, str]]:
    """Every hostile spec by name, with a pattern of the message that refuses it."""
    huge, long = 2**30, [0] * 1_000_000
    return {
        "nothing": (None, "a spec is an object with 'format'"),
        "list": ([], "a spec is an object"),
        "text": ("x" * 10**6, "a spec is an object"),
        "other format": (spec(IDENTITY, format="x"), "a spec is an object with 'format'"),
        "deep instead of a spec": (nested(10_000), "a spec is an object"),
        "version 2": (spec(IDENTITY, version=2), "spec version 1 expected, got 2"),
        "version true": (spec(IDENTITY, version=True), "spec version 1 expected, got True"),
        "version missing": (spec(IDENTITY, version=None), "spec version 1 expected, got None"),
        "no nodes": (spec(roots=[0]), "1 to 20000 nodes, got 0"),
        "many nodes": (spec(*[IDENTITY] * 20_001), "1 to 20000 nodes, got 20001"),
        "nodes no list": (spec(nodes={}), "'nodes' of a spec must be a list"),
        "node no object": (spec(1), "'nodes' of a spec must be a list of objects"),
        "node without kind": (spec({"size": 2}), "each with a 'kind'"),
        "key no text": (spec({"kind": "identity", 3: 2}), "'nodes' of a spec"),
        "roots no list": (spec(IDENTITY, roots=0), "'roots' of a spec must be indices"),
        "root out of range": (spec(IDENTITY, roots=[1]), "'roots' of a spec must be indices"),
        "root negative": (spec(IDENTITY, roots=[-1]), "'roots' of a spec must be indices"),
        "root true": (spec(IDENTITY, IDENTITY, roots=[True]), "'roots' of a spec must be"),
        "no root": (spec(IDENTITY, roots=[]), r"spec of 1 operator\(s\), got 0"),
        "two roots": (spec(IDENTITY, roots=[0, 0]), r"spec of 1 operator\(s\), got 2"),
        "many roots": (spec(IDENTITY, roots=long), r"spec of 1 operator\(s\), got 1000000"),
        "unknown kind": (spec({"kind": "magic"}), "node 0: unknown kind of operator 'magic'"),
        "kind no text": (spec({"kind": [1]}), r"unknown kind of operator \[1\]"),
        "kind deep": (spec({"kind": nested(10_000)}), "lists nested more than 8 deep"),
        "kind long": (spec({"kind": "x" * 10**6}), "unknown kind of operator 'xxx"),
        "private kind": (spec({"kind": ""}), "unknown kind of operator ''"),
        "missing keyword": (spec({"kind": "identity"}), "'identity' needs the keyword 'size'"),
        "unknown keyword": (spec({**IDENTITY, "colour": 1}), "has no keyword 'colour'"),
        "long keyword": (spec({**IDENTITY, "x" * 10**6: 1}), "has no keyword 'xxx"),
        "keyword self": (spec({**IDENTITY, "self": 1}), "has no keyword 'self'"),
        "keyword device": (dense(device="cuda"), "has no keyword 'device'"),
        "missing list": (spec({"kind": "sum"}), "'sum' needs the keyword 'terms'"),
        "empty list": (spec({"kind": "sum", "terms": []}), "needs at least one operator"),
        "list no list": (spec({"kind": "sum", "terms": 3}), "'terms' of 'sum' must be a list"),
        "list of numbers": (spec({"kind": "sum", "terms": [1]}), "expected a LinearOperator"),
        "self reference": (spec({"kind": "adjoint", "operator": ref(0)}), "an earlier node"),
        "forward reference": (
            spec({"kind": "adjoint", "operator": ref(1)}, IDENTITY, roots=[0]),
            "node 0 must refer to an earlier node, got {'ref': 1}",
        ),
        "negative reference": (
            spec(IDENTITY, {"kind": "adjoint", "operator": ref(-1)}),
            "node 1 must refer to an earlier node, got {'ref': -1}",
        ),
        "reference false": (
            spec(IDENTITY, {"kind": "adjoint", "operator": ref(False)}),
            "node 1 must refer to an earlier node, got {'ref': False}",
        ),
        "reference float": (
            spec(IDENTITY, {"kind": "adjoint", "operator": ref(0.0)}),
            "node 1 must refer to an earlier node",
        ),
        "reference and more": (
            spec(IDENTITY, {"kind": "adjoint", "operator": {"ref": 0, "x": 1}}),
            "node 1 must refer to an earlier node",
        ),
        "object in place of a reference": (
            spec({"kind": "adjoint", "operator": {}}),
            "node 0 must refer to an earlier node, got {}",
        ),
        "number in place of a reference": (
            spec({"kind": "adjoint", "operator": 0}),
            "'adjoint': expected a LinearOperator, got int",
        ),
        "reference in place of a number": (
            spec(IDENTITY, {"kind": "identity", "size": ref(0)}),
            r"must be an integer, got I\(2\)",
        ),
        "deep reference": (
            spec({"kind": "adjoint", "operator": nested_objects(10_000)}),
            "must refer to an earlier node",
        ),
        "text for an integer": (dense(out_features="5"), "must be an integer, got '5'"),
        "true for an integer": (dense(out_features=True), "must be an integer, got True"),
        "null for an integer": (dense(out_features=None), "must be an integer, got None"),
        "float for an integer": (dense(out_features=2.0), r"must be an integer, got 2\.0"),
        "nan for an integer": (dense(out_features=float("nan")), "out_features must be finite"),
        "list for an integer": (dense(out_features=[2]), r"must be an integer, got \(2,\)"),
        "long list for an integer": (dense(out_features=long), "must be an integer, got"),
        "deep list for an integer": (dense(out_features=nested(10_000)), "more than 8 deep"),
        "long text for an integer": (dense(out_features="9" * 10**6), "must be an integer"),
        "zero": (dense(out_features=0), "must lie between 1"),
        "negative": (dense(out_features=-5), "must lie between 1"),
        "enormous": (dense(out_features=1 << 200_000), "got an integer of 200001 bits"),
        "unknown dtype": (dense(dtype="int8"), "dtype must be one of"),
        "dtype list": (dense(dtype=["float32"]), "dtype must be one of"),
        "dtype object": (dense(dtype={"re": 1, "im": 1}), "dtype must be one of"),
        "python value": (dense(out_features=b"2"), "must be a JSON value"),
        "deep chain": (chain(10_000), "node 100 is nested more than 100 deep"),
        "infinite scalar": (
            spec(IDENTITY, {"kind": "scaled", "operator": ref(0), "scalar": float("inf")}),
            "scalar must be finite, got inf",
        ),
        "zero scalar": (
            spec(IDENTITY, {"kind": "scaled", "operator": ref(0), "scalar": 0}),
            "scalar must be finite and not zero",
        ),
        "enormous scalar": (
            spec(IDENTITY, {"kind": "scaled", "operator": ref(0), "scalar": 1 << 200_000}),
            "finite and not zero, got an integer of 200001 bits",
        ),
        "complex of text": (
            spec(IDENTITY, {"kind": "scaled", "operator": ref(0), "scalar": {"re": "1", "im": 0}}),
            "a complex number needs two finite numbers",
        ),
        "complex nan": (
            spec(
                IDENTITY,
                {"kind": "scaled", "operator": ref(0), "scalar": {"re": float("nan"), "im": 0}},
            ),
            "a complex number needs two finite numbers",
        ),
        "complex enormous": (
            spec(
                IDENTITY, {"kind": "scaled", "operator": ref(0), "scalar": {"re": 10**400, "im": 0}}
            ),
            "a complex number needs two finite numbers",
        ),
        "2^60 numbers": (dense(out_features=huge, in_features=huge), "Dense would hold 1152921504"),
        "many dense": (
            spec(*[{"kind": "dense", "out_features": 2**15, "in_features": 2**15}] * 3),
            "node 1: the expression holds at least 2147483648 numbers",
        ),
        "sparse beyond": (
            spec({"kind": "sparse", "out_features": 9, "in_features": 9, "num_nonzeros": huge}),
            "num_nonzeros must lie between 1 and 81",
        ),
        "sparse many": (
            spec({"kind": "sparse", "out_features": huge, "in_features": 1, "num_nonzeros": huge}),
            "holds at least 8589934593 numbers",
        ),
        "sparse huge": (
            spec({"kind": "sparse", "out_features": huge, "in_features": huge, "num_nonzeros": 1}),
            "Sparse would have 1152921504606846976 entries",
        ),
        "hashed huge": (
            spec({"kind": "hashed", "out_features": 2**15, "in_features": 2**15, "num_weights": 1}),
            "Hashed would hold 2147483648 numbers",
        ),
        "basis huge": (
            spec(
                {"kind": "seeded-basis", "out_features": 9**5, "in_features": 9, "num_terms": 9**5}
            ),
            "SeededBasis would hold",
        ),
        "signs huge": (
            spec({"kind": "random-signs", "out_features": huge, "in_features": huge}),
            "RandomSigns would hold",
        ),
        "constant huge": (
            spec({"kind": "constant", "out_features": huge, "in_features": huge}),
            "Constant would hold",
        ),
        "blocks huge": (
            spec(
                {
                    "kind": "block-dense",
                    "num_blocks": 2**15,
                    "block_out_features": 2**15,
                    "block_in_features": 2**15,
                }
            ),
            "BlockDense would hold",
        ),
        "permutation huge": (
            spec({"kind": "permutation", "size": 2**31 - 1}),
            "holds at least 4294967294 numbers",
        ),
        "permutation short": (
            spec({"kind": "permutation", "size": 2**31 - 1, "order": [0]}),
            "order must be a permutation of 0",
        ),
        "permutation long": (
            spec({"kind": "permutation", "size": 2, "order": long}),
            "order must be a permutation of 0",
        ),
        "axes many": (
            spec({"kind": "axis-permutation", "sizes": [2**31 - 1] * 10**5, "order": []}),
            "at most 32 axes, got 100000",
        ),
        "selection long": (
            spec({"kind": "selection", "in_features": 5, "indices": long}),
            "indices must be distinct",
        ),
        "kronecker tower": (
            tower({"kind": "hadamard", "size": 2**7}, 4),
            "out_features must lie between 1 and 2147483647",
        ),
        "kronecker wide": (
            spec(
                {"kind": "identity", "size": 2**31 - 1},
                {"kind": "kronecker", "factors": [ref(0)] * 19_000},
            ),
            "got an integer of 589000 bits",
        ),
        "khatri-rao huge": (
            spec(
                {"kind": "identity", "size": 2**15}, {"kind": "khatri-rao", "factors": [ref(0)] * 2}
            ),
            "KhatriRao would hold",
        ),
        "sums of sums": (doubling("sum", "terms", None, 60), "counting a shared one every time"),
        "products of products": (doubling("product", "factors", None, 60), "every time"),
        "kronecker of kronecker": (doubling("kronecker", "factors", None, 60), "every time"),
        "scaled sums of scaled sums": (doubling("sum", "terms", "adjoint", 45), "every time"),
        "basis of nothing in common": (
            spec(
                {"kind": "hadamard", "size": huge},
                {"kind": "dct", "size": huge},
                {"kind": "basis", "operators": [ref(0), ref(1)]},
                {"kind": "kronecker", "factors": [ref(2), ref(2)]},
            ),
            "out_features must lie between",
        ),
        "convolution of everything": (
            spec(
                {"kind": "random-signs", "out_features": 2, "in_features": 4},
                {
                    "kind": "convolution-2d",
                    "kernel": ref(0),
                    "input_size": [huge, huge],
                    "kernel_size": 2,
                },
            ),
            "features must lie between 1 and 2147483647",
        ),
        "convolution padded by everything": (
            spec(
                {"kind": "random-signs", "out_features": 2, "in_features": 4},
                {
                    "kind": "convolution-2d",
                    "kernel": ref(0),
                    "input_size": 2,
                    "kernel_size": 2,
                    "padding": 2**31 - 1,
                },
            ),
            "out_features must lie between",
        ),
    }


def harmless() -> dict[str, Any]:
    """Large only by name: these are built, and must cost nothing either."""
    huge = 2**30
    return {
        "identity": spec({"kind": "identity", "size": huge}),
        "transform": spec({"kind": "hadamard", "size": huge}),
        "basis": spec(
            {"kind": "hadamard", "size": huge},
            {"kind": "dct", "size": huge},
            {"kind": "basis", "operators": [ref(0), ref(1)]},
        ),
        "sparse": spec(
            {
                "kind": "sparse",
                "out_features": 2**15,
                "in_features": 2**15,
                "num_nonzeros": 7,
            }
        ),
        "slice": spec({"kind": "slice", "in_features": huge, "start": 0, "stop": huge}),
    }


def main() -> None:
    LinearOperator.from_spec(spec(IDENTITY))
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    report = {}

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    for name, value in {**{n: s for n, (s, _) in cases().items()}, **harmless()}.items():
        start, before, outcome = time.process_time(), peak(), "built"
        try:
            LinearOperator.from_spec(value)
        except ValueError:
            outcome = "refused"
        report[name] = (outcome, time.process_time() - start, peak() - before)
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
