"""What one call of the command line carries from its entry to its commands and its exit."""

import shlex
from dataclasses import dataclass

from prodsumnet.training import local_process_count, process_count


@dataclass
class Invocation:
    """The arguments, and what its general options say."""

    arguments: list[str]
    debug: bool = False

    @property
    def command(self) -> str:
        """The call as one would type it, with what starts several processes."""
        return shlex.join([*_launcher(), "prodsumnet", *self.arguments])


def _launcher() -> list[str]:
    if process_count() == 1:
        return []
    here = local_process_count()
    machines = process_count() // here
    options = [f"--nnodes={machines}"] if machines > 1 else []
    return ["torchrun", *options, f"--nproc-per-node={here}", "-m"]
