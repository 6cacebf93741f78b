"""Reports: trade-off curves, tables and pictures of trained networks, as one page and on paper."""

from prodsumnet.experiments.report.report import write_report

__all__ = ["write_report"]
