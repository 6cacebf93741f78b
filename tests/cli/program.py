"""The command line on a small synthetic problem, for the tests to run, stop and kill.

With ``PAUSE_AT`` it waits in that step of the training, once the file ``PAUSED`` says so. Of
several processes only the first can write files as the package does.
"""

import itertools
import os
import signal
import time
from pathlib import Path

from tests.training.synthetic import dataset, network

from prodsumnet import cli, data, models
from prodsumnet.training import loop

# A shell's background jobs, in which the tests may run, ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

models.build = lambda name, budget, seed, family, options: network(seed, **options)
data.load = lambda name: dataset()

if os.environ.get("RANK", "0") != "0":
    os.fsync = None

if "PAUSE_AT" in os.environ:
    steps, one_cycle = itertools.count(1), loop.one_cycle

    def pausing(done: float, warmup: float) -> float:
        if next(steps) == int(os.environ["PAUSE_AT"]):
            Path(os.environ["PAUSED"]).touch()
            time.sleep(100)
        return one_cycle(done, warmup)

    loop.one_cycle = pausing

if __name__ == "__main__":
    cli.main()
