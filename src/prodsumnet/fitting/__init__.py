"""Dense matrices as the nearest operators of given expressions."""

from prodsumnet.fitting.metric import Metric
from prodsumnet.fitting.nearest import fit
from prodsumnet.fitting.report import Fit
from prodsumnet.fitting.statistics import activation_metrics, fisher_metrics

__all__ = ["Fit", "Metric", "activation_metrics", "fisher_metrics", "fit"]
