"""``prodsumnet calibrate``: how long operators take on this machine."""

from pathlib import Path
from typing import Annotated

import torch
import typer

from prodsumnet.experiments import calibrate_rates, calibration_bar
from prodsumnet.numerics import checks, dtypes


def calibrate(
    threads: Annotated[int | None, typer.Option(help="Threads of torch; by default all.")] = None,
    device: Annotated[str, typer.Option(help="Where operators will run.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="Precision of their numbers.")] = "float32",
    out: Annotated[
        Path | None, typer.Option(help="Folder of the file, instead of the one that is read.")
    ] = None,
) -> None:
    """Measure the kinds of operators once, for the planner to choose by; takes up to half an hour.

    The rates are read from then on for this device, precision and number of threads.
    """
    if threads is not None:
        torch.set_num_threads(checks.positive_int("threads", threads))
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device must be one of torch's, got {device!r}") from error
    with calibration_bar() as report:
        path = calibrate_rates(place, dtypes.named(dtype), out, report)
    print(path)
