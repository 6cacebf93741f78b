"""The command line: one command a file."""

from prodsumnet.cli.application import main

__all__ = ["main"]
