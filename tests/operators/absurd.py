"""Specs of every kind, of later ones too, with each of their integers made absurd in turn.

Run as a program, with little address space to spare, it prints as JSON what was neither built nor
refused with one clear error at little cost, and the slowest of all.
"""

import copy
import json
import resource
import time
from collections.abc import Iterator
from typing import Any

from tests.contract import discovery

from prodsumnet.operators import LinearOperator

ABSURD = (-1, 0, 2**20 + 7, 2**30, 2**31 - 1, 2**60, 10**400)
MAX_NUMBERS = 10**6
MEGABYTES = 200
ADDRESS_SPACE = 4 << 30


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Containers and keys of all integers in a JSON value, but for references."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in items:
        if type(entry) is int and key not in ("ref", "version"):
            yield value, key
        elif isinstance(entry, dict | list):
            yield from places(entry)


def specs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every kind's first cases with one absurd integer, by name."""
    for stem in discovery.stems():
        if stem.startswith(discovery.FAMILIES):
            continue
        for case in discovery.load(stem)[:2]:
            spec = case.build().spec()
            count = len(list(places(spec["nodes"])))
            for index in range(min(count, 12)):
                for number in ABSURD:
                    changed = copy.deepcopy(spec)
                    container, key = list(places(changed["nodes"]))[index]
                    container[key] = number
                    yield f"{stem} {case.id} {key}={str(number)[:9]}"[:80], changed


def main() -> None:
    failures, slowest, count = {}, 0.0, 0
    given = list(specs())
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, spec in given:
        started = time.monotonic()
        try:
            LinearOperator.from_spec(spec, max_numbers=MAX_NUMBERS)
        except ValueError as error:
            if len(str(error)) > 1000 or "memory" in str(error).lower():
                failures[name] = str(error)[:200]
        except Exception as error:  # what must not happen
            failures[name] = repr(error)[:200]
        took = time.monotonic() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) / 1024
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if took > 1 or grown > MEGABYTES:
            failures[name] = f"{took:.2f} s, {grown:.0f} MB"
        slowest, count = max(slowest, took), count + 1
    print(json.dumps({"failures": failures, "slowest": slowest, "count": count}, indent=1))


if __name__ == "__main__":
    main()
