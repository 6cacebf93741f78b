"""The command line, and a Dask worker, on a small synthetic problem with slow steps.

Its worker processes import it again, and so have the same problem. A folder in ``STARTED`` takes
the process ids of who trains; with ``DEADLY``, who trains the network of that budget kills himself.
"""

import os
import signal
import sys
import time
from pathlib import Path

from tests.training.synthetic import dataset, network

from prodsumnet import cli, data, models
from prodsumnet.training import loop

one_cycle = loop.one_cycle


def build(name, budget=None, seed=0, family=None, options=None):
    if budget == 1:
        raise ValueError("the budget is too small")
    if str(budget) == os.environ.get("DEADLY") and __name__ == "__mp_main__":
        os.kill(os.getpid(), signal.SIGKILL)
    return network(seed)


def load(name):
    if name == "fashion-mnist":
        raise OSError("there is no such data set here")
    if "STARTED" in os.environ:
        (Path(os.environ["STARTED"]) / str(os.getpid())).touch()
    return dataset()


def slow(done, warmup):
    time.sleep(float(os.environ.get("SLEEP", "0")))
    return one_cycle(done, warmup)


models.build, data.load, loop.one_cycle = build, load, slow

if __name__ == "__main__":
    cli.main(sys.argv[1:])
