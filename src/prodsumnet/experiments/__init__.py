"""Recipes, run and recorded."""

from prodsumnet.experiments.approximation import Approximation, approximate_locally
from prodsumnet.experiments.calibration import calibrate as calibrate_rates
from prodsumnet.experiments.console import calibration_bar, training_bar
from prodsumnet.experiments.figure import draw
from prodsumnet.experiments.fitting import FamilyFits, fit_families, real_matrices
from prodsumnet.experiments.frontier import Frontier, expand, frontier_names, load_frontier
from prodsumnet.experiments.pareto import pareto
from prodsumnet.experiments.reaching import Reaching, reach
from prodsumnet.experiments.recipe import Recipe, load_recipe, recipe_names
from prodsumnet.experiments.record import Record, read_record
from prodsumnet.experiments.report import write_report
from prodsumnet.experiments.runner import run
from prodsumnet.experiments.search import search
from prodsumnet.experiments.search_bar import search_bar
from prodsumnet.experiments.search_space import Space, default_space, load_space
from prodsumnet.experiments.summary import find_records, grouped, markdown, read_records
from prodsumnet.experiments.sweep import sweep, sweep_report
from prodsumnet.experiments.weighted_fits import WeightedFits, weighted_fits

__all__ = [
    "Approximation",
    "FamilyFits",
    "Frontier",
    "Reaching",
    "Recipe",
    "Record",
    "Space",
    "WeightedFits",
    "approximate_locally",
    "calibrate_rates",
    "calibration_bar",
    "default_space",
    "draw",
    "expand",
    "find_records",
    "fit_families",
    "frontier_names",
    "grouped",
    "load_frontier",
    "load_recipe",
    "load_space",
    "markdown",
    "pareto",
    "reach",
    "read_record",
    "read_records",
    "real_matrices",
    "recipe_names",
    "run",
    "search",
    "search_bar",
    "sweep",
    "sweep_report",
    "training_bar",
    "weighted_fits",
    "write_report",
]
