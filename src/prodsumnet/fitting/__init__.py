"""Dense matrices as the nearest operators of given expressions."""

from prodsumnet.fitting.metric import Metric
from prodsumnet.fitting.nearest import fit
from prodsumnet.fitting.report import Fit

__all__ = ["Fit", "Metric", "fit"]
