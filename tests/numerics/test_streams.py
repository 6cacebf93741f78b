"""Seeded streams: published vectors of the generator, our own, and the same in C."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.contract import philox

from prodsumnet.numerics import streams

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text())
del VECTORS["about"]

# Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, words.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


def hexadecimal(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_published_vectors(counter: str, key: str, expected: str) -> None:
    k0, k1 = hexadecimal(key)
    counters = torch.tensor([hexadecimal(counter)] * 2)
    assert streams.philox(counters, (k0, k1)).tolist() == [hexadecimal(expected)] * 2
    c0, c1, c2, c3 = hexadecimal(counter)
    assert philox.block((c0, c1, c2, c3), (k0, k1)) == hexadecimal(expected)


def library(what: str, entry: dict[str, Any]) -> list[int]:
    seed = entry["seed"]
    if what == "words":
        count = len(entry["values"])
        return streams.words(seed, entry["stream"], count, start=entry["start"]).tolist()
    if what == "signs":
        return streams.signs(seed, len(entry["values"])).tolist()
    if what == "integers":
        return streams.integers(seed, len(entry["values"]), entry["bound"]).tolist()
    if what == "permutation":
        return streams.permutation(seed, entry["count"]).tolist()
    if what == "subset":
        return streams.subset(seed, entry["population"], entry["count"]).tolist()
    return [streams.derive(seed, entry["index"])]


def reference(what: str, entry: dict[str, Any]) -> list[int]:
    seed, count = entry["seed"], len(entry.get("values", []))
    if what == "words":
        return [philox.word(seed, entry["stream"], entry["start"] + i) for i in range(count)]
    if what == "signs":
        return philox.signs(seed, count).astype(int).tolist()
    if what == "integers":
        return philox.integers(seed, count, entry["bound"])
    if what == "permutation":
        return philox.permutation(seed, entry["count"])
    if what == "subset":
        return philox.subset(seed, entry["population"], entry["count"])
    return [philox.derive(seed, entry["index"])]


def expected(entry: dict[str, Any]) -> list[int]:
    return entry["values"] if "values" in entry else [entry["value"]]


@pytest.mark.parametrize("what", VECTORS)
def test_own_vectors(what: str) -> None:
    assert VECTORS[what]
    for entry in VECTORS[what]:
        assert library(what, entry) == expected(entry)
        assert reference(what, entry) == expected(entry)


def test_own_vectors_in_c(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    program = tmp_path / "streams"
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *flags, str(HERE / "streams.c"), "-o", str(program)], check=True)
    commands, answers = [], []
    for what, entries in VECTORS.items():
        for entry in entries:
            a = entry.get("stream", entry.get("bound", entry.get("population", entry.get("index"))))
            b = entry.get("start", entry.get("count", 0))
            n = entry.get("population", len(expected(entry)))
            if n < 1000:
                commands.append(f"{what} {entry['seed']} {a or 0} {b} {n}")
                answers.append(expected(entry))
    assert len(commands) > 25
    result = subprocess.run(
        [str(program)], input="\n".join(commands), capture_output=True, text=True, check=True
    )
    given = [[int(number) for number in line.split()] for line in result.stdout.splitlines()]
    assert given == answers


def test_words_do_not_depend_on_where_one_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = streams.words(9, 2, 100)
    for start, count in ((0, 1), (3, 2), (4, 8), (7, 50), (99, 1), (13, 0)):
        assert torch.equal(streams.words(9, 2, count, start=start), whole[start : start + count])
    monkeypatch.setattr(streams, "_CHUNK", 3)
    assert torch.equal(streams.words(9, 2, 100), whole)
    assert torch.equal(streams.words(9, 2, 37, start=22), whole[22:59])


def test_purposes_and_seeds_do_not_share_words() -> None:
    drawn = [streams.words(seed, stream, 64) for seed in (0, 1, 2**32) for stream in streams.Stream]
    for i, first in enumerate(drawn):
        for second in drawn[i + 1 :]:
            assert (first == second).sum() <= 1
    assert len(set(streams.Stream)) == 5


def test_ranges() -> None:
    words = streams.words(5, 1, 10_000)
    assert words.dtype == torch.int64
    assert 0 <= words.min() < 2**22
    assert 2**32 - 2**22 < words.max() < 2**32
    integers = streams.integers(5, 10_000, 7)
    assert integers.bincount().tolist() == pytest.approx([10_000 / 7] * 7, rel=0.1)
    assert abs(streams.signs(5, 10_000).sum().item()) < 300
    assert streams.integers(1, 1000, 2**31).max() < 2**31


@pytest.mark.parametrize("count", [0, 1, 2, 5, 100])
def test_permutations_are_permutations(count: int) -> None:
    for seed in range(5):
        drawn = streams.permutation(seed, count)
        assert sorted(drawn.tolist()) == list(range(count))
        assert drawn.tolist() == philox.permutation(seed, count)


def test_subsets() -> None:
    for population in (1, 2, 3, 10, 33):
        for count in range(1, population + 1):
            drawn = streams.subset(3, population, count).tolist()
            assert drawn == philox.subset(3, population, count)
            assert drawn == sorted(set(drawn))
            assert len(drawn) == count
            assert 0 <= drawn[0] <= drawn[-1] < population


def test_subsets_draw_again_until_they_are_complete() -> None:
    """Half of a population needs 1.39 draws a member on average, and sometimes many more."""
    first = streams.words(634, streams.Stream.SUBSETS, 166) * 200 >> 32
    assert len(first.unique()) < 100  # of the draws that are enough for nearly every seed
    assert streams.subset(634, 200, 100).tolist() == philox.subset(634, 200, 100)
    assert streams.subset(1, 2**31, 2**10).tolist() == philox.subset(1, 2**31, 2**10)


def test_subsets_are_even() -> None:
    hits = torch.zeros(50)
    for seed in range(400):
        hits[streams.subset(seed, 50, 10)] += 1
    assert hits.sum() == 4000
    assert hits.min() > 45
    assert hits.max() < 115


def test_seeds_derived_are_distinct_seeds() -> None:
    drawn = [streams.derive(seed, index) for seed in (0, 1, 2**62) for index in range(100)]
    assert len(set(drawn)) == 300
    assert all(0 <= seed < 2**63 for seed in drawn)
    assert max(drawn) > 2**62


def test_meta_device_gives_shapes() -> None:
    for drawn, count in (
        (streams.words(0, 1, 10, "meta"), 10),
        (streams.signs(0, 10, "meta"), 10),
        (streams.integers(0, 10, 3, "meta"), 10),
        (streams.permutation(0, 10, "meta"), 10),
        (streams.subset(0, 2**31, 10, "meta"), 10),
    ):
        assert drawn.is_meta
        assert drawn.shape == (count,)
        assert drawn.dtype == torch.int64
