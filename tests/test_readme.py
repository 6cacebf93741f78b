"""The README's example runs, and says what is true."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_example_runs_and_its_comments_are_true(capsys):
    namespace: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        exec(compile(code, "README.md", "exec"), namespace)
    formula, shape, family, title, *ways, error = capsys.readouterr().out.splitlines()
    assert formula.startswith("DCT(64)ᴴ·Diagonal(64)·DCT(64) + Dense(8×8)⊗Dense(8×8)")
    assert "[64×64, 192 trainable]" in formula
    assert "torch.Size([64, 64])" in formula
    assert "trainable=256" in formula
    assert shape == "torch.Size([1, 10])"
    assert family.startswith("5000 Dao")
    assert "batch 32, forward and backward" in title
    assert sum(way.startswith("* ") for way in ways) == 1
    assert 0 < float(error) < 1


def test_commands_exist():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile
