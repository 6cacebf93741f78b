"""Recipes, run and recorded."""

from prodsumnet.experiments.approximation import Approximation, approximate_locally
from prodsumnet.experiments.console import training_bar
from prodsumnet.experiments.figure import draw
from prodsumnet.experiments.recipe import Recipe, load_recipe, recipe_names
from prodsumnet.experiments.record import Record, read_record
from prodsumnet.experiments.runner import run
from prodsumnet.experiments.summary import grouped, markdown, read_records

__all__ = [
    "Approximation",
    "Recipe",
    "Record",
    "approximate_locally",
    "draw",
    "grouped",
    "load_recipe",
    "markdown",
    "read_record",
    "read_records",
    "recipe_names",
    "run",
    "training_bar",
]
