"""Which way to compute an operator."""

from prodsumnet.evaluation.composed import Composed
from prodsumnet.evaluation.kernels import KernelPlan, kernel_stages, plan_kernel
from prodsumnet.evaluation.planner import plan
from prodsumnet.evaluation.plans import Plans

__all__ = ["Composed", "KernelPlan", "Plans", "kernel_stages", "plan", "plan_kernel"]
