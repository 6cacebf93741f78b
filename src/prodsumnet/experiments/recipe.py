"""One frozen object that says everything about a run, and the JSON files that overlay it."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from prodsumnet.numerics import checks
from prodsumnet.training import Settings, Training

_SHIPPED = Path(__file__).parent / "recipes"
_MAX_BYTES = 2**20

Kind = TypeVar("Kind", bound=Settings)


class Recipe(Settings):
    """What is trained, on what, how. The defaults train the headline network in a few minutes."""

    dataset: Literal["mnist", "fashion-mnist", "breast-cancer", "wine"] = "mnist"
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
        return checked(Recipe, _merge(self.model_dump(), changes))

    def changes(self) -> dict[str, Any]:
        """Return what has to be laid over the default recipe to have this one, as plain JSON."""
        return _difference(Recipe().model_dump(mode="json"), self.model_dump(mode="json"))


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes inside the package."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.json")))


def load_recipe(source: str) -> Recipe:
    """Read a recipe: a JSON file, the name of one in the package, or JSON, laid over the defaults.

    Raises
    ------
    FileNotFoundError
        If there is neither such a file nor such a name.
    ValueError
        If it is not a JSON object, or a name or value in it is refused.
    """
    path, changes = read_object(source, _SHIPPED, "recipe")
    try:
        return Recipe().overlaid(changes)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_object(source: str, shipped: Path, kind: str) -> tuple[str, dict[str, Any]]:
    """Read a JSON object, and say where from: a file, one of a folder in the package, or a text.

    A text is known by its first character, a brace.

    Raises
    ------
    FileNotFoundError
        If there is neither such a file nor such a name.
    ValueError
        If it is not a JSON object.
    """
    if source.lstrip().startswith("{"):
        return f"the {kind} given", _parsed(f"the {kind} given", source.encode(), kind)
    path = Path(source)
    if not path.is_file():
        names = sorted(file.stem for file in shipped.glob("*.json"))
        path = shipped / f"{source}.json"
        if source not in names:
            raise FileNotFoundError(
                f"there is no {kind} file {source!r}, and no {kind} of that name "
                f"({', '.join(names)})"
            )
    with path.open("rb") as file:
        return str(path), _parsed(str(path), file.read(_MAX_BYTES + 1), kind)


def _parsed(where: str, content: bytes, kind: str) -> dict[str, Any]:
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{where} is larger than a {kind} can be ({_MAX_BYTES} bytes)")
    try:
        found = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{where} must hold a JSON object, got {type(found).__name__}")
    return found


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            value = _merge(below, value)
        merged[name] = value
    return merged


def _difference(base: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return what `_merge` has to lay over a base to have these values."""
    found = {}
    for name, value in values.items():
        below = base.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            if inner := _difference(below, value):
                found[name] = inner
        elif value != below:
            found[name] = value
    return found


def checked(kind: type[Kind], values: dict[str, Any]) -> Kind:
    """Make settings from plain JSON, with one line that says which value is refused.

    Raises
    ------
    ValueError
        If a name is unknown or a value is refused.
    """
    try:
        # As JSON, in which a list may be a tuple and nothing else passes for another type.
        return kind.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "a value"
        message, given = first["msg"], checks.show(first["input"])
        raise ValueError(f"{where}: {message}, got {given}") from error
    except RecursionError as error:
        raise ValueError(f"a value is nested too deeply: {error}") from error
