"""Measure what several processes, or threads, gain in one training, and what Fabric costs a step.

    OMP_NUM_THREADS=1 python benchmarks/processes.py

All ways take the same steps of the headline network (the default recipe, on MNIST): one process of
one thread, one process of as many threads as there are processes, and that many processes of one
thread, each with its part of the batch. They take turns, and a ratio of wall times is of neighbours
in time. On a machine with other work the processor time of the first process says more: the ratio
is what free cores would gain, but for the time in which processes wait for each other.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from prodsumnet import data, models
from prodsumnet.experiments import Recipe
from prodsumnet.training import Trainer, is_first_process, keep_freed_memory

WARMUP = 10


class Enough(Exception):  # noqa: N818
    """Enough steps have been taken."""


def network(recipe):
    torch.manual_seed(recipe.seed)
    return models.build(recipe.network, recipe.budget, recipe.seed, recipe.family, recipe.options)


def child(steps, batch_size, answer):
    """Take steps of the training, in this process and those that torchrun started with it."""
    keep_freed_memory()
    recipe = Recipe().overlaid({"training": {"batch_size": batch_size}})
    times = []

    def progress(done, total, last):
        times.append((time.perf_counter(), time.process_time()))
        if done == WARMUP + steps:
            raise Enough

    try:
        Trainer(network(recipe), recipe.training, recipe.seed).fit(data.load("mnist"), progress)
    except Enough:
        if is_first_process():
            pairs = zip(times[WARMUP - 1], times[-1], strict=True)
            answer.write_text(json.dumps([1000 * (end - start) / steps for start, end in pairs]))


def milliseconds(steps, processes, threads):
    """Return wall and processor time of a step on the batch of the recipe over all processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    share = Recipe().training.batch_size // processes
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        arguments = [__file__, "--steps", str(steps), "--child", str(share), str(answer)]
        subprocess.run(
            [sys.executable, *(launcher if processes > 1 else []), *arguments],
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
            check=True,
        )
        return json.loads(answer.read_text())


def overhead(rounds=15, steps=100):
    """Return microseconds of processor time of a small step without and with Fabric: medians."""
    torch.set_num_threads(1)
    images, targets = torch.rand(8, 1, 28, 28), torch.randint(10, (8,))
    recipe = Recipe()

    def small():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))

    trainer, model = Trainer(small(), recipe.training, 0), small()
    groups = [{"params": [p]} for p in model.parameters()]
    optimizer = torch.optim.AdamW(groups, betas=recipe.training.betas, fused=True)

    def bare():
        for group in optimizer.param_groups:
            group["lr"] = 1e-3
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(images)
        loss = functional.cross_entropy(logits.float(), targets)
        optimizer.zero_grad()
        loss.backward()
        if loss.item() < float("inf"):
            optimizer.step()

    found = {"bare": [], "fabric": []}
    for _ in range(rounds):
        for name, step in (("bare", bare), ("fabric", lambda: trainer._step(images, targets, 0.1))):
            started = time.process_time()
            for _ in range(steps):
                step()
            found[name].append((time.process_time() - started) / steps * 1e6)
    return {name: statistics.median(values) for name, values in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100, help="of the training, each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.steps, int(options.child[0]), Path(options.child[1]))
        return
    count = options.processes
    ways = {
        "1 process, 1 thread": (1, 1),
        f"1 process, {count} threads": (1, count),
        f"{count} processes, 1 thread each": (count, 1),
    }
    found = {name: [] for name in ways}
    for turn in range(options.turns):
        for name, (processes, threads) in ways.items():
            found[name].append(milliseconds(options.steps, processes, threads))
            wall, busy = found[name][-1]
            print(f"turn {turn + 1}: {name}: {wall:.1f} ms a step, {busy:.1f} ms of processor time")
    alone = found["1 process, 1 thread"]
    for name, values in found.items():
        (wall, busy), (wall_gain, busy_gain) = (
            [statistics.median(column) for column in zip(*rows, strict=True)]
            for rows in (
                values,
                [(a / c, b / d) for (a, b), (c, d) in zip(alone, values, strict=True)],
            )
        )
        print(
            f"{name}: {wall:.1f} ms a step, {wall_gain:.2f} times as fast; "
            f"{busy:.1f} ms of processor time, {busy_gain:.2f} times less (medians of the turns)"
        )
    took = overhead()
    print(
        f"a small step: {took['bare']:.0f} µs without Fabric, {took['fabric']:.0f} µs with it, "
        f"{took['fabric'] - took['bare']:.0f} µs more"
    )


if __name__ == "__main__":
    main()
