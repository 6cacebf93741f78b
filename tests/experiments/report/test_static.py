"""The curves on paper."""

from xml.etree import ElementTree

import pytest

from prodsumnet.experiments import write_report
from prodsumnet.experiments.report.look import COSTS

image = pytest.importorskip("matplotlib.image", reason="the curves need the extra 'report'")


def texts(path):
    """Return the words of an SVG file, which matplotlib keeps as comments beside their outlines."""
    return path.read_text(encoding="utf-8")


def test_a_folder_gets_both_kinds_for_every_data_set(runs, tmp_path):
    files = write_report([str(runs)], None, tmp_path / "figures", "bytes")
    assert sorted(file.name for file in files) == [
        f"{dataset}-bytes.{kind}"
        for dataset in ("fashion-mnist", "mnist")
        for kind in ("png", "svg")
    ]
    for file in files:
        if file.suffix == ".png":
            pixels = image.imread(file)
            assert pixels.shape[1] == 1600
            assert pixels.std() > 0.01
        else:
            assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"
            assert COSTS["bytes"] in texts(file)


def test_a_file_has_all_data_sets_and_the_same_bytes_again(runs, tmp_path):
    files = [tmp_path / "a.svg", tmp_path / "b.svg"]
    for file in files:
        assert write_report([str(runs)], None, file) == [file]
    assert files[0].read_bytes() == files[1].read_bytes()
    words = texts(files[0])
    for word in ("Fashion-MNIST", "Pareto front", "decomposed-cnn", "Wu (2018)", "3,554"):
        assert f"<!-- {word}" in words
    assert COSTS["trainable"] in words
    other = tmp_path / "macs.svg"
    write_report([str(runs)], None, other, "macs")
    assert COSTS["macs"] in texts(other)
    assert "Wu (2018)" not in texts(other)


def test_nothing_to_draw(tmp_path):
    with pytest.raises(ValueError, match="no records to draw"):
        write_report(["mnist-1k"], None, tmp_path / "a.svg")
