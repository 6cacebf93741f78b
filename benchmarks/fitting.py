"""Fits against tensorly and pyfaust at equal numbers of parameters: errors and times.

``python benchmarks/fitting.py records/fitting/peers.json`` (needs ``tensorly`` and ``pyfaust``).
Both sides work in float64 on one thread and are timed in turn, up to 31 times each after once for
nothing; the median counts. Two times are taken:

- whole: ours is a call of `fit`, which checks its input, evaluates the error before and after, and
  sets the numbers; theirs the decomposition, the matrix it makes and its relative error.
- decomposition: ours is the closed form that `fit` calls; theirs the call that decomposes.

Ours are closed forms alone (``max_iterations=0``): for a tensor train the truncated singular value
decompositions that tensorly computes too, for CP and Tucker at most 100 sweeps as theirs.
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
from prodsumnet.fitting import Metric, fit
from prodsumnet.fitting.closed_forms import solve
from prodsumnet.fitting.closed_forms.supports import placed_factors
from prodsumnet.fitting.objective import wide_copy
from prodsumnet.operators import Dense, Kronecker, Transpose

LEAST, MOST, ENOUGH, SHARE = 1, 31, 0.6, 0.2
"""Repetitions, the seconds of one side after which no more than the least are made, the budget."""


def timed(function):
    begin = time.perf_counter()
    result = function()
    return result, time.perf_counter() - begin


def built(name, target):
    torch.manual_seed(0)
    return families.build(name, *target.shape, int(SHARE * target.numel()), dtype=torch.float64)


def closed_form(operator, target):
    with torch.no_grad():
        solve(operator, target, Metric(), torch.Generator().manual_seed(0), 0)


def cp(operator, target):
    rows, columns = operator
    leaves = [*_members(rows), *_members(columns)]
    tensor = target.numpy().reshape([leaf.in_features for leaf in leaves])
    rank = leaves[0].out_features
    return (
        lambda: parafac(tensor, rank, n_iter_max=100, init="svd", tol=1e-8),
        lambda found: tensorly.cp_to_tensor(found).reshape(target.shape),
    )


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
    return (
        lambda: tensorly_tucker(tensor, ranks, n_iter_max=100, tol=1e-8),
        lambda found: tensorly.tucker_to_tensor(found).reshape(target.shape),
    )


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
    return lambda: tensor_train_matrix(tensor, ranks), tensorly.tt_matrix_to_matrix


def faust(operator, target):
    with torch.no_grad():
        parts = placed_factors(wide_copy(operator))
    supports = [part.support.to_dense().double().numpy() for part in parts]
    constraints = [supp(np.asfortranarray(support)) for support in supports]
    generator = np.random.default_rng(0)
    start = [
        np.asfortranarray(support * generator.normal(size=support.shape)) for support in supports
    ]
    parameters = ParamsPalm4MSA(
        constraints, StoppingCriterion(num_its=200), init_facts=start, is_verbose=False
    )
    matrix = np.asfortranarray(target.numpy())
    return lambda: palm4msa(matrix, parameters), lambda found: found.toarray()


def _members(operator):
    inner = operator.operator if isinstance(operator, Transpose) else operator
    return list(inner) if hasattr(inner, "__iter__") else [inner]


def _before(operator):
    members = list(operator) if isinstance(operator, Kronecker) else [operator]
    return members[0].in_features if members[0].is_identity else 1


PEERS = {
    "cp": (cp, "tensorly"),
    "tucker": (tucker, "tensorly"),
    "tensor-train": (train, "tensorly"),
    "monarch": (faust, "pyfaust"),
    "block-tensor-train": (faust, "pyfaust"),
    "deformable-butterfly": (faust, "pyfaust"),
}
"""Whose decomposition it is."""


def compare(name, target):
    peer, library = PEERS[name]
    decompose, assemble = peer(built(name, target), target)

    def whole():
        parts, took = timed(decompose)
        rest = assemble(parts) - target.numpy()
        return float(np.linalg.norm(rest) / np.linalg.norm(target.numpy())), took

    taken = {"seconds": [], "peer_seconds": [], "decomposition": [], "peer_decomposition": []}
    for k in range(MOST + 1):
        operator, twin = built(name, target), built(name, target)
        fitted, first = timed(lambda operator=operator: fit(operator, target, max_iterations=0))
        (error, fourth), second = timed(whole)
        third = timed(lambda twin=twin: closed_form(twin, target))[1]
        for values, took in zip(taken.values(), (first, second, third, fourth), strict=True):
            values.append(took)
        if k >= LEAST and sum(taken["peer_seconds"]) > ENOUGH:
            break
    return {
        "family": name,
        "peer": library,
        "trainable": operator.num_trainable,
        "error": fitted.error,
        "peer_error": error,
        **{key: statistics.median(values[1:]) for key, values in taken.items()},
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
                f"{1e3 * row['seconds']:.2f} ms against {1e3 * row['peer_seconds']:.2f} ms, alone "
                f"{1e3 * row['decomposition']:.2f} ms against "
                f"{1e3 * row['peer_decomposition']:.2f} ms",
                flush=True,
            )
    versions = {"tensorly": tensorly.__version__, "pyfaust": pyfaust.__version__}
    record = {
        "command": f"python benchmarks/fitting.py {path}",
        "versions": versions,
        "what": __doc__,
        "rows": rows,
    }
    Path(path).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
