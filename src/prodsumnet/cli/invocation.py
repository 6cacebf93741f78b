"""What one call of the command line carries from its entry to its commands and its exit."""

import shlex
from dataclasses import dataclass


@dataclass
class Invocation:
    """The arguments, and what its general options say."""

    arguments: list[str]
    debug: bool = False

    @property
    def command(self) -> str:
        """The call as one would type it."""
        return shlex.join(["prodsumnet", *self.arguments])
