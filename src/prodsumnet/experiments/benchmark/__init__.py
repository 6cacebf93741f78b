"""Speed against torch's layers and against other packages: measured, recorded, reported."""

from prodsumnet.experiments.benchmark.bar import benchmark_bar
from prodsumnet.experiments.benchmark.measurement import Measurement, read_measurement
from prodsumnet.experiments.benchmark.runner import Result, benchmark, read_measurements
from prodsumnet.experiments.benchmark.selection import Line, lines

__all__ = [
    "Line",
    "Measurement",
    "Result",
    "benchmark",
    "benchmark_bar",
    "lines",
    "read_measurement",
    "read_measurements",
]
