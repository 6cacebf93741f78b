"""Which way to compute an operator."""

from prodsumnet.evaluation.composed import Composed
from prodsumnet.evaluation.convolution.geometry import Geometry
from prodsumnet.evaluation.convolution.kernels import cheapest, macs
from prodsumnet.evaluation.convolution.planning import (
    CONVOLUTION_STRATEGIES,
    ConvolutionCandidate,
    ConvolutionExplanation,
    ConvolutionStrategy,
    check_convolution_strategy,
    explain_convolution,
    plan_convolution,
)
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
    "CONVOLUTION_STRATEGIES",
    "STRATEGIES",
    "Candidate",
    "Composed",
    "ConvolutionCandidate",
    "ConvolutionExplanation",
    "ConvolutionStrategy",
    "Explanation",
    "Geometry",
    "Memory",
    "Plans",
    "Strategy",
    "candidates",
    "cheapest",
    "check_convolution_strategy",
    "check_strategy",
    "explain",
    "explain_convolution",
    "macs",
    "plan",
    "plan_convolution",
]
