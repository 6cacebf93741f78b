"""``prodsumnet calibrate``: how long operators take on this machine."""

from pathlib import Path
from typing import Annotated

import torch
import typer

from prodsumnet.experiments import calibrate_rates, calibration_bar
from prodsumnet.numerics import dtypes


def calibrate(
    threads: Annotated[int | None, typer.Option(help="Threads of torch; by default all.")] = None,
    device: Annotated[str, typer.Option(help="Where operators will run.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="Precision of their numbers.")] = "float32",
    out: Annotated[
        Path | None, typer.Option(help="Folder of the file, instead of the one that is read.")
    ] = None,
) -> None:
    """Measure the kinds of operators once, for the planner to choose by; takes a few minutes.

    The rates are read from then on for this device, precision and number of threads.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    with calibration_bar() as report:
        path = calibrate_rates(torch.device(device), dtypes.named(dtype), out, report)
    print(path)
