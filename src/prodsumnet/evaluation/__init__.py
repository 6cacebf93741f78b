"""Which way to compute an operator."""

from prodsumnet.evaluation.composed import Composed
from prodsumnet.evaluation.kernels import KernelPlan, kernel_stages, plan_kernel
from prodsumnet.evaluation.memory import Memory
from prodsumnet.evaluation.plans import Plans
from prodsumnet.evaluation.strategies import (
    STRATEGIES,
    Candidate,
    Explanation,
    Strategy,
    candidates,
    check_strategy,
    explain,
    plan,
)

__all__ = [
    "STRATEGIES",
    "Candidate",
    "Composed",
    "Explanation",
    "KernelPlan",
    "Memory",
    "Plans",
    "Strategy",
    "candidates",
    "check_strategy",
    "explain",
    "kernel_stages",
    "plan",
    "plan_kernel",
]
