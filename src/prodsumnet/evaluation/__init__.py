"""Which way to compute an operator."""

from prodsumnet.evaluation.composed import Composed
from prodsumnet.evaluation.convolutions import (
    CONVOLUTION_STRATEGIES,
    ConvolutionCandidate,
    ConvolutionExplanation,
    ConvolutionStrategy,
    check_convolution_strategy,
    explain_convolution,
    plan_convolution,
)
from prodsumnet.evaluation.geometry import Geometry
from prodsumnet.evaluation.kernels import cheapest, macs
from prodsumnet.evaluation.memory import Memory
from prodsumnet.evaluation.planner import plan
from prodsumnet.evaluation.plans import Plans

__all__ = [
    "CONVOLUTION_STRATEGIES",
    "Composed",
    "ConvolutionCandidate",
    "ConvolutionExplanation",
    "ConvolutionStrategy",
    "Geometry",
    "Memory",
    "Plans",
    "cheapest",
    "check_convolution_strategy",
    "explain_convolution",
    "macs",
    "plan",
    "plan_convolution",
]
