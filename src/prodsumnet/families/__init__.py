"""The literature by name: structured matrices at any size and any number of parameters.

Every module with a ``FAMILY`` is a family, found by discovery: dropping in that file and
``tests/oracles/families/<name>.py`` is all it takes.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.registry import build, get, names
from prodsumnet.families.remainder import remainder
from prodsumnet.families.tables import markdown, survey

__all__ = ["Family", "build", "get", "markdown", "names", "remainder", "survey"]
