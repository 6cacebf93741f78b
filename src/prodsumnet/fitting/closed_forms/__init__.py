"""Closed forms by the structure of an expression: one file each, and the dispatch over them."""

from prodsumnet.fitting.closed_forms.dispatch import Solution, solve

__all__ = ["Solution", "solve"]
