"""Which way to compute an operator."""

from prodsumnet.evaluation.kernels import KernelPlan, plan_kernel
from prodsumnet.evaluation.materialized import Materialized
from prodsumnet.evaluation.planner import plan

__all__ = ["KernelPlan", "Materialized", "plan", "plan_kernel"]
