"""Fits against tensorly and pyfaust at equal numbers of parameters: errors and times.

``python benchmarks/fitting.py records/fitting/peers.json`` (needs ``tensorly`` and ``pyfaust``).
Both sides work in float64 on one thread and are timed in turn, three times each; the median counts.
"""

import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pyfaust
import tensorly
import torch
from pyfaust.fact import palm4msa
from pyfaust.factparams import ParamsPalm4MSA, StoppingCriterion
from pyfaust.proj import supp
from tensorly.decomposition import parafac, tensor_train_matrix
from tensorly.decomposition import tucker as tensorly_tucker

from prodsumnet import families
from prodsumnet.experiments import real_matrices
from prodsumnet.experiments.fitting import MATRICES
from prodsumnet.fitting import fit
from prodsumnet.fitting.closed_forms.supports import placed_factors
from prodsumnet.fitting.objective import wide_copy
from prodsumnet.operators import Dense, Kronecker, Transpose

REPEATS, SHARE = 3, 0.2


def timed(function):
    begin = time.perf_counter()
    result = function()
    return result, time.perf_counter() - begin


def ours(name, target, iterations):
    torch.manual_seed(0)
    budget = int(SHARE * target.numel())
    operator = families.build(name, *target.shape, budget, dtype=torch.float64)
    found, seconds = timed(lambda: fit(operator, target, max_iterations=iterations))
    return operator, found.error, seconds


def cp(operator, target):
    rows, columns = operator
    leaves = [*_members(rows), *_members(columns)]
    tensor = target.numpy().reshape([leaf.in_features for leaf in leaves])
    rank = leaves[0].out_features
    return lambda: tensorly.cp_to_tensor(
        parafac(tensor, rank, n_iter_max=100, init="svd", tol=1e-8)
    ).reshape(target.shape)


def tucker(operator, target):
    sizes, ranks = [], []
    factors = list(operator)
    core = next(k for k, factor in enumerate(factors) if isinstance(factor, Dense))
    sides = [factors[0] if core else None, factors[core + 1] if core + 1 < len(factors) else None]
    whole = factors[core].shape
    for side, features in zip(sides, whole, strict=True):
        for leaf in _members(side) if side is not None else []:
            sizes.append(leaf.in_features)
            ranks.append(leaf.out_features)
        if side is None:
            sizes.append(features)
            ranks.append(features)
    tensor = target.numpy().reshape(sizes)
    return lambda: tensorly.tucker_to_tensor(
        tensorly_tucker(tensor, ranks, n_iter_max=100, tol=1e-8)
    ).reshape(target.shape)


def train(operator, target):
    cores = [next(f for f in _members(factor) if isinstance(f, Dense)) for factor in operator][::-1]
    pairs, ranks, left, done = [], [1], 1, 1
    stages = list(operator)[::-1]
    for k, core in enumerate(cores):
        behind = _before(stages[k + 1]) if k + 1 < len(cores) else target.shape[0]
        m = behind // done
        pairs.append((m, core.in_features // left))
        done, left = behind, core.out_features // m
        ranks.append(left)
    tensor = target.numpy().reshape([m for m, _ in pairs] + [n for _, n in pairs])
    return lambda: tensorly.tt_matrix_to_matrix(tensor_train_matrix(tensor, ranks))


def faust(operator, target):
    with torch.no_grad():
        parts = placed_factors(wide_copy(operator))
    constraints = [supp(np.asfortranarray(part.support.numpy().astype(float))) for part in parts]
    generator = np.random.default_rng(0)
    start = [
        np.asfortranarray(part.support.numpy() * generator.normal(size=part.places.shape))
        for part in parts
    ]
    parameters = ParamsPalm4MSA(
        constraints, StoppingCriterion(num_its=200), init_facts=start, is_verbose=False
    )
    matrix = np.asfortranarray(target.numpy())
    return lambda: palm4msa(matrix, parameters).toarray()


def _members(operator):
    inner = operator.operator if isinstance(operator, Transpose) else operator
    return list(inner) if hasattr(inner, "__iter__") else [inner]


def _before(operator):
    members = list(operator) if isinstance(operator, Kronecker) else [operator]
    return members[0].in_features if members[0].is_identity else 1


PEERS = {
    "cp": (cp, "tensorly", 0),
    "tucker": (tucker, "tensorly", 0),
    "tensor-train": (train, "tensorly", 0),
    "monarch": (faust, "pyfaust", 0),
    "block-tensor-train": (faust, "pyfaust", 0),
    "deformable-butterfly": (faust, "pyfaust", 20),
}
"""Whose decomposition it is, and our iterations beyond the closed form."""


def compare(name, target):
    peer, library, iterations = PEERS[name]
    seconds, their_seconds = [], []
    for _ in range(REPEATS):
        operator, error, took = ours(name, target, iterations)
        seconds.append(took)
        run = peer(operator, target)
        found, took = timed(run)
        their_seconds.append(took)
    rest = np.linalg.norm(found - target.numpy()) / np.linalg.norm(target.numpy())
    return {
        "family": name,
        "peer": library,
        "trainable": operator.num_trainable,
        "error": error,
        "peer_error": float(rest),
        "seconds": statistics.median(seconds),
        "peer_seconds": statistics.median(their_seconds),
    }


def main(path):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rows = []
    for matrix in real_matrices():
        target = MATRICES[matrix]()
        # Sizes that every decomposition divides.
        rows_kept, columns_kept = (size // 8 * 8 for size in target.shape)
        target = target[:rows_kept, :columns_kept].contiguous()
        for name in PEERS:
            try:
                row = {"matrix": matrix, "shape": list(target.shape), **compare(name, target)}
            except Exception as error:
                print(f"{matrix} {name}: {type(error).__name__}: {error}")
                continue
            rows.append(row)
            print(
                f"{matrix} {name}: {row['error']:.4f} against {row['peer_error']:.4f}, "
                f"{row['seconds']:.3f} s against {row['peer_seconds']:.3f} s",
                flush=True,
            )
    versions = {"tensorly": tensorly.__version__, "pyfaust": pyfaust.__version__}
    record = {"command": f"python benchmarks/fitting.py {path}", "versions": versions, "rows": rows}
    Path(path).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
