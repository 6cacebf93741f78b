"""Recipes, run and recorded."""

from prodsumnet.experiments.console import training_bar
from prodsumnet.experiments.recipe import Recipe, load_recipe, recipe_names
from prodsumnet.experiments.record import Record, read_record
from prodsumnet.experiments.runner import run

__all__ = [
    "Recipe",
    "Record",
    "load_recipe",
    "read_record",
    "recipe_names",
    "run",
    "training_bar",
]
