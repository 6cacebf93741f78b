"""Dense matrices as the nearest operators of given expressions."""

from prodsumnet.fitting.metric import Metric

__all__ = ["Metric"]
