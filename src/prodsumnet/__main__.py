"""``python -m prodsumnet``."""

from prodsumnet.cli import main

main()
