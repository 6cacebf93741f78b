"""What an evaluation costs: floating-point operations and bytes moved."""

from dataclasses import dataclass, field

FLOAT_BYTES = 4
"""Bytes of one number in the cost model, which is stated for float32."""


@dataclass(frozen=True)
class Cost:
    """Arithmetic and memory traffic of one evaluation.

    Parameters
    ----------
    flops : int
        Floating-point operations; a multiplication with its addition counts as 2.
    bytes : int
        Bytes read and written, counting every operand once, for float32.
    calls : int
        Kernels called, as far as they are known; no part of comparisons.
    """

    flops: int = 0
    bytes: int = 0
    calls: int = field(default=0, compare=False)

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.flops + other.flops, self.bytes + other.bytes, self.calls + other.calls)

    @staticmethod
    def elementwise(inputs: int, outputs: int, flops: int = 0) -> "Cost":
        """Cost of a kernel that reads ``inputs`` numbers and writes ``outputs`` numbers."""
        return Cost(flops, FLOAT_BYTES * (inputs + outputs), 1)

    @staticmethod
    def matmul(batch: int, out_features: int, in_features: int) -> "Cost":
        """Cost of ``(batch, in) x (in, out)``."""
        numbers = batch * (in_features + out_features) + in_features * out_features
        return Cost(2 * batch * in_features * out_features, FLOAT_BYTES * numbers, 1)

    @staticmethod
    def fft(batch: int, n: int) -> "Cost":
        """Cost of a real FFT of length ``n``: ``2.5 n log2 n`` operations."""
        return Cost.elementwise(batch * n, batch * n, int(2.5 * batch * n * (n - 1).bit_length()))
