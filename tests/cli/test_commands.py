"""Every command, and what it prints."""

import json
import subprocess
import sys

import pytest
from tests.training.synthetic import dataset, network

import prodsumnet as psn
from prodsumnet import experiments, families, models, storage
from prodsumnet.data.catalogue import CATALOGUE
from prodsumnet.experiments import Recipe, load_recipe, read_record
from prodsumnet.training import accuracy

TINY = {"training": {"epochs": 2, "batch_size": 32, "augmentation": None}}


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "my recipe.json"
    path.write_text(json.dumps(TINY))
    return path


@pytest.fixture
def runs(monkeypatch):
    """The recipes and options that would be run."""
    runs = []

    def run(recipe, folder, command, resume, progress):
        runs.append((recipe, str(folder), command, resume))
        raise ValueError("not run")

    monkeypatch.setattr("prodsumnet.cli.running.run", run)
    return runs


def test_train_runs_the_recipe_and_says_what_it_gave(call, small, recipe, tmp_path):
    code, out, err = call("train", recipe, "--out", tmp_path / "run", "--seed", "5")
    record = read_record(tmp_path / "run" / "record.json")
    assert (code, small) == (0, [("decomposed-cnn", 3554, 5, None), "mnist"])
    assert record.recipe == Recipe(seed=5).overlaid(TINY)
    assert record.command == f"prodsumnet train '{recipe}' --out {tmp_path}/run --seed 5"
    assert len(err.splitlines()) == 2
    assert f"test accuracy {record.test_accuracy:.2%}" in out
    assert out.count("\n") == 1


def test_train_takes_its_folder_from_the_recipe(call, small, recipe, tmp_path):
    code, out, _ = call("train", recipe)
    folder = tmp_path / "runs" / Recipe().overlaid(TINY).digest()
    assert code == 0
    assert (folder / "model.safetensors").is_file()
    assert f"runs/{folder.name}" in out


def test_train_takes_a_family(call, small, recipe):
    code, *_ = call("train", recipe, "--family", "monarch", "--out", "run")
    assert (code, small[0]) == (0, ("decomposed-cnn", 3554, 0, "monarch"))


def test_families_lists_the_registry(call):
    assert call("families").out == families.markdown() + "\n"
    assert call("families", "--names").out.split() == list(families.names())
    code, out, _ = call("families", "--shape", 300, 100, "--budget", 500)
    assert code == 0
    assert out == families.survey(300, 100, 500) + "\n"


def test_approximate_records_what_it_prints(call, tmp_path):
    arguments = ("--size", 4, "--steps", 1, "--steps", 4, "--seeds", 2)
    code, out, _ = call("approximate", "permutation", "found.json", *arguments)
    found = json.loads((tmp_path / "found.json").read_text())
    assert code == 0
    assert [row["steps"] for row in found["rows"]] == [1, 4]
    assert [row["trainable"] for row in found["rows"]] == [12, 48]
    assert found["command"].startswith("prodsumnet approximate permutation found.json --size 4")
    for line, row in zip(out.splitlines(), found["rows"], strict=True):
        assert f"{row['steps']} steps, {row['trainable']} numbers" in line
        assert f"{min(row['errors']):.2e} at best" in line


def test_refit_records_what_it_prints(call, small, tmp_path):
    storage.save(network(norm=False), tmp_path / "net.safetensors", {"dataset": "mnist"})
    arguments = ("--layer", "1=low-rank:76", "--layer", "3=low-rank:16", "--samples", 20)
    code, out, _ = call("refit", "net.safetensors", "found.json", *arguments)
    found = json.loads((tmp_path / "found.json").read_text())
    assert code == 0
    assert found["command"].startswith("prodsumnet refit net.safetensors found.json --layer 1=low")
    lines = out.splitlines()
    assert f"{found['trainable']} numbers, test accuracy {found['test_accuracy']:.2%}" in lines[0]
    for line, row in zip(lines[1:], found["rows"], strict=True):
        assert [layer["trainable"] for layer in row["layers"]] == [76, 16]
        assert line == (
            f"{row['metric']}: {row['trainable']} numbers, test accuracy {row['test_accuracy']:.2%}"
        )


def test_reach_records_what_it_prints(call, small, recipe, tmp_path):
    arguments = ("--every", 1, "--seeds", 1, "--seed", 2, "--epochs", 1)
    code, out, _ = call("reach", recipe, "found.json", "--goal", 0.2, *arguments)
    found = json.loads((tmp_path / "found.json").read_text())
    (row,) = found["rows"]
    assert (code, row["seed"], found["recipe"]["training"]["epochs"]) == (0, 2, 1)
    assert out == (
        f"seed 2: {row['epochs']:.2f} epochs, {row['seconds']:.1f} s "
        f"({row['processor_seconds']:.1f} s of the processor)\n"
    )
    out = call("reach", recipe, "found.json", "--goal", 1, *arguments).out
    (row,) = json.loads((tmp_path / "found.json").read_text())["rows"]
    assert out == f"seed 2: not reached, {row['validation_accuracy']:.2%} at the end\n"


def test_train_resumes(call, small, recipe, tmp_path):
    call("train", recipe, "--out", "run")
    code, _, err = call("train", recipe, "--out", "run", "--resume")
    assert (code, err) == (0, "")
    code, _, err = call("train", recipe, "--out", "run")
    assert (code, err.count("epoch")) == (0, 2)


OPTIONS = {
    ("train", "long"): load_recipe("long"),
    ("train", "small", "--epochs", "3"): load_recipe("small").overlaid({"training": {"epochs": 3}}),
    ("train", "dense", "--seed", "9"): load_recipe("dense").overlaid({"seed": 9}),
    ("reproduce",): Recipe(),
    ("reproduce", "--dataset", "mnist"): Recipe(),
    ("reproduce", "--dataset", "fashion-mnist"): load_recipe("fashion"),
    ("reproduce", "--seed", "2", "--epochs", "1"): Recipe(seed=2).overlaid(
        {"training": {"epochs": 1}}
    ),
}


@pytest.mark.parametrize("arguments", OPTIONS, ids=" ".join)
def test_the_command_line_has_no_defaults_of_its_own(arguments, call, runs):
    call(*arguments)
    recipe = OPTIONS[arguments]
    assert runs == [
        (recipe, f"runs/{recipe.digest()}", " ".join(["prodsumnet", *arguments]), False)
    ]


def test_out_and_resume_are_passed_on(call, runs):
    call("reproduce", "--out", "x y", "--resume")
    assert runs == [(Recipe(), "x y", "prodsumnet reproduce --out 'x y' --resume", True)]


@pytest.fixture
def saved(tmp_path):
    storage.save(network(3), tmp_path / "model", {"dataset": "fashion-mnist"})
    return tmp_path / "model"


def test_evaluate(call, small, saved):
    code, out, err = call("evaluate", saved, "--json")
    model, data = psn.load(saved), dataset()
    expected = accuracy(model, data.test_images, data.test_labels)
    size = psn.count(model)
    assert (code, err, small) == (0, "", ["fashion-mnist"])
    assert json.loads(out) == {
        "test_accuracy": expected,
        "trainable": size.trainable,
        "stored": size.stored,
        "bytes": size.bytes,
        "macs": size.macs,
        "dataset": "fashion-mnist",
    }
    assert 0 < expected < 1
    code, out, _ = call("evaluate", saved, "--dataset", "mnist")
    assert (code, small[-1]) == (0, "mnist")
    assert f"{expected:.2%} of the mnist test set; {size.trainable} trainable" in out


def test_evaluate_a_shipped_network_on_what_it_was_trained_on(call, small, tmp_path, monkeypatch):
    monkeypatch.setattr("prodsumnet.storage.networks._SHIPPED", tmp_path / "shipped")
    storage.save(network(3), tmp_path / "shipped" / "nine.safetensors")
    code, out, _ = call("evaluate", "nine", "--json")
    assert (code, json.loads(out)["dataset"]) == (0, "mnist")


def test_pack(call, saved, tmp_path):
    path = tmp_path / "packed"
    code, out, _ = call("pack", saved, path)
    assert (code, out) == (0, f"{path}: {path.stat().st_size} bytes\n")
    before, after = psn.load(saved), psn.load(path)
    assert storage.about(path) == storage.about(saved)
    assert path.stat().st_size < saved.stat().st_size  # a byte for each number, not four
    for one, other in zip(before.parameters(), after.parameters(), strict=True):
        assert (one - other).abs().max() <= one.abs().max() / 253
    assert call("pack", "nothing", path)[0] == 2


def test_count(call, saved):
    code, out, err = call("count", saved, "--json")
    size = psn.count(psn.load(saved))
    assert (code, err) == (0, "")
    assert json.loads(out) == vars(size)
    code, out, _ = call("count", "reference-cnn")
    assert code == 0
    assert out.startswith("trainable 3,274,634, stored 3,274,634, bytes 13,098,536, macs ")
    code, out, _ = call("count", "decomposed-cnn", "--json")
    assert json.loads(out)["trainable"] == 3554


def test_data(call, monkeypatch):
    monkeypatch.setattr(psn.data, "folder", lambda name, root: f"{root or '/default'}/{name}")
    assert call("data", "path", "mnist") == (0, "/default/mnist\n", "")
    assert call("data", "path", "mnist", "--root", "/mine") == (0, "/mine/mnist\n", "")
    assert call("data", "fetch", "mnist") == (0, "mnist is in /default/mnist\n", "")
    digests = {"a-idx3-ubyte": "0" * 64, "b-idx1-ubyte": "1" * 64}
    monkeypatch.setattr(psn.data, "verify", lambda name, root: digests)
    out = f"{'0' * 64}  a-idx3-ubyte\n{'1' * 64}  b-idx1-ubyte\n"
    assert call("data", "verify", "mnist") == (0, out, "")


def test_summarize(call, small, recipe):
    for seed in ("1", "2"):
        call("train", recipe, "--seed", seed)
    code, out, err = call("summarize", "runs")
    groups = experiments.grouped(experiments.read_records(recipe.parent / "runs"))
    assert (code, out, err) == (0, experiments.markdown(groups) + "\n", "")
    assert [len(group.records) for group in groups] == [2]
    pytest.importorskip("matplotlib", reason="the picture needs the extra 'figures'")
    code, _, err = call("summarize", "runs", "--figure", "picture.svg")
    assert (code, err) == (0, "")
    assert "<svg" in (recipe.parent / "picture.svg").read_text()


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_no_arguments_ask_for_help(arguments, call):
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    for name in ("reproduce", "train", "evaluate", "count", "data", "summarize", "--debug"):
        assert name in out


@pytest.mark.parametrize(
    "command", ["reproduce", "train", "evaluate", "count", "summarize", "data", "data path"]
)
def test_every_command_has_help(command, call):
    code, out, err = call(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"prodsumnet {command}" in out


def test_as_a_module():
    command = [sys.executable, "-m", "prodsumnet", "count", "decomposed-cnn", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout) == vars(psn.count(models.build("decomposed-cnn")))
    assert done.stderr == ""


def test_on_real_mnist(call, tmp_path):
    """One epoch of a small budget, at the precision and the size of the real thing."""
    changes = {"budget": 600, "training": {"augmentation": None, "learning_rate": 0.1}}
    (tmp_path / "recipe").write_text(json.dumps(changes))
    code, out, err = call("train", "recipe", "--epochs", "1", "--out", "run")
    assert code == 0, err
    record = read_record(tmp_path / "run" / "record.json")
    assert record.test_accuracy > 0.9
    assert (record.trainable, record.stored, record.bytes) == (600, 600, 2400)
    assert record.data_digest == CATALOGUE["mnist"].digest
    code, out, _ = call("evaluate", "run/model.safetensors", "--json")
    assert (code, json.loads(out)["test_accuracy"]) == (0, record.test_accuracy)
