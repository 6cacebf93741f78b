"""One frozen object that says everything about a run, and the JSON files that overlay it."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from prodsumnet.numerics import checks
from prodsumnet.training import Settings, Training

_SHIPPED = Path(__file__).parent / "recipes"
_MAX_BYTES = 2**20


class Recipe(Settings):
    """What is trained, on what, how. The defaults train the headline network in a few minutes."""

    dataset: Literal["mnist", "fashion-mnist"] = "mnist"
    network: str = Field(default="decomposed-cnn", description="one of prodsumnet.models.names()")
    budget: int | None = Field(default=3554, ge=1, description="most trainable numbers")
    family: str | None = Field(default=None, description="one of prodsumnet.families.names()")
    options: dict[str, str | int] = Field(
        default_factory=dict, description="other keyword arguments of the network"
    )
    seed: int = Field(default=0, ge=0, lt=2**31)
    training: Training = Training()

    def digest(self) -> str:
        """Return the first 12 hexadecimal digits of the SHA-256 of the recipe as JSON."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def overlaid(self, changes: dict[str, Any]) -> "Recipe":
        """Return the recipe with some values replaced; nested objects are merged.

        Raises
        ------
        ValueError
            If a name is unknown or a value is refused; the message says which.
        """
        return _checked(_merge(self.model_dump(), changes))


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes inside the package."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.json")))


def load_recipe(source: str) -> Recipe:
    """Read a recipe: a JSON file, or the name of one in the package, laid over the defaults.

    Raises
    ------
    FileNotFoundError
        If there is neither such a file nor such a name.
    ValueError
        If it is not a JSON object, or a name or value in it is refused.
    """
    path = Path(source)
    if not path.is_file():
        path = _SHIPPED / f"{source}.json"
        if source not in recipe_names():
            raise FileNotFoundError(
                f"there is no recipe file {source!r}, and no recipe of that name "
                f"({', '.join(recipe_names())})"
            )
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{path} is larger than a recipe can be ({_MAX_BYTES} bytes)")
    try:
        changes = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(changes, dict):
        raise ValueError(f"{path} must hold a JSON object, got {type(changes).__name__}")
    try:
        return Recipe().overlaid(changes)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            value = _merge(below, value)
        merged[name] = value
    return merged


def _checked(values: dict[str, Any]) -> Recipe:
    try:
        # As JSON, in which a list may be a tuple and nothing else passes for another type.
        return Recipe.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "a value"
        message, given = first["msg"], checks.show(first["input"])
        raise ValueError(f"{where}: {message}, got {given}") from error
    except RecursionError as error:
        raise ValueError(f"a value is nested too deeply: {error}") from error
