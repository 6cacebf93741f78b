"""What a search may change in a recipe."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from prodsumnet import families, models
from prodsumnet.experiments.recipe import Recipe
from prodsumnet.numerics import checks
from prodsumnet.training import Augmentation, Settings

if TYPE_CHECKING:
    from optuna import Trial

Choice = dict[str, Any]
"""Values of a space by its names."""


class Range(Settings):
    """Numbers from low to high, both included."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if self.low >= self.high:
            raise ValueError(f"low must be less than high, got {self.low} and {self.high}")
        return self


def _different(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("expected different values")
    return values


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    return _known("network", values, models.names())


def _families(values: tuple[str | None, ...]) -> tuple[str | None, ...]:
    return _known("family", values, (None, *families.names()))


def _known(what: str, values: tuple[Any, ...], known: tuple[Any, ...]) -> tuple[Any, ...]:
    for value in values:
        if value not in known:
            raise ValueError(f"unknown {what} {value!r}, expected one of {known}")
    return values


_LISTED = (Field(min_length=1), AfterValidator(_different))
Names = Annotated[tuple[str, ...], *_LISTED, AfterValidator(_networks)]
Structures = Annotated[tuple[str | None, ...], *_LISTED, AfterValidator(_families)]
Sizes = Annotated[tuple[int, ...], *_LISTED]
Horizons = Annotated[tuple[float | None, ...], *_LISTED]


class Space(Settings):
    """What is tried; whatever is absent stays as it is in the recipe.

    The strength of the augmentation multiplies the changes that the recipe allows (those of the
    default recipe, if it allows none).
    """

    network: Names | None = None
    family: Structures | None = None
    learning_rate: Range | None = Field(default=None, description="logarithmic")
    batch_size: Sizes | None = None
    augmentation: Range | None = Field(default=None, description="strength")
    averaging: Horizons | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> "Space":
        if not any(self.model_dump().values()):
            raise ValueError(f"expected at least one of {', '.join(type(self).model_fields)}")
        return self

    def check(self, recipe: Recipe) -> None:
        """Refuse a space with values that the recipe cannot take.

        Raises
        ------
        ValueError
            If there is one; the message says which.
        """
        for name, values in self:
            ends = (values.low, values.high) if isinstance(values, Range) else values or ()
            for value in ends:
                applied(recipe, {name: value})

    def suggest(self, trial: "Trial") -> Choice:
        """Return the values that a trial is to use."""
        choice: Choice = {}
        for name, values in self:
            if isinstance(values, Range):
                log = name == "learning_rate"
                choice[name] = trial.suggest_float(name, values.low, values.high, log=log)
            elif values is not None:
                choice[name] = trial.suggest_categorical(name, values)
        return choice


def applied(recipe: Recipe, choice: Choice) -> Recipe:
    """Return a recipe with the values of a space in their places.

    Raises
    ------
    ValueError
        If the recipe refuses one.
    """
    changes: dict[str, Any] = {"training": {}}
    for name, value in choice.items():
        if name == "augmentation":
            value = _multiplied(recipe.training.augmentation or Augmentation(), value)
        (changes if name in {"network", "family"} else changes["training"])[name] = value
    return recipe.overlaid(changes)


def _multiplied(augmentation: Augmentation, strength: float) -> dict[str, float | bool]:
    return {
        name: value if isinstance(value, bool) else value * strength for name, value in augmentation
    }


def default_space(recipe: Recipe) -> Space:
    """Return learning rates and augmentations around those of a recipe, and possible families.

    Without augmentation in the recipe none is tried: the samples may be no images.
    """
    rate = recipe.training.learning_rate
    augmented = recipe.training.augmentation is not None
    return Space(
        family=_possible_families(recipe) or None,
        learning_rate=Range(low=rate / 5, high=min(rate * 5, 10.0)),
        augmentation=Range(low=0.0, high=1.5) if augmented else None,
    )


def _possible_families(recipe: Recipe) -> tuple[str, ...]:
    possible = []
    for family in families.names():
        try:
            models.build(recipe.network, recipe.budget, recipe.seed, family, recipe.options)
        except ValueError:
            continue
        possible.append(family)
    return tuple(possible)


def load_space(path: Path) -> Space:
    """Read a space from a JSON file.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a JSON object, or a name or value in it is refused.
    """
    try:
        return Space.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the space"
        raise ValueError(
            f"{path}: {where}: {first['msg']}, got {checks.show(first['input'])}"
        ) from error
