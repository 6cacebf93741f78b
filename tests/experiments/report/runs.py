"""A folder of runs: two data sets, three series, seeds, one trained network, one hostile record."""

from tests.experiments.test_summary import record
from tests.training.synthetic import network

from prodsumnet import storage

HOSTILE = "</script><img src=x onerror='window.hacked = 1'>"
FORMULA = "DCT(64)ᴴ·Diagonal(64)·DCT(64) [64×64, 64 trainable]"


def write(path, test, validation, trainable=900, seed=0, changes=None, **recipe):
    """Write one record, whose costs are all different."""
    found = record(seed, test, trainable, **recipe).model_copy(
        update={
            "command": f"prodsumnet train mine --seed {seed}",
            "validation_accuracy": validation,
            "stored": trainable + 50,
            "bytes": 4 * trainable + 200,
            "macs": 3_000_000 - trainable,
            "operators": [FORMULA],
            "confusion": [[9, 1], [3, 7]],
            **(changes or {}),
        }
    )
    found.write(path)
    return found


def write_runs(folder):
    """Write all of them; a thousand numbers and 3,554 are on MNIST's front of trainable numbers."""
    for seed, test in enumerate((0.980, 0.984)):
        write(folder / f"small-{seed}/record.json", test, 0.981, 1000, seed)
    for seed, test in enumerate((0.989, 0.991, 0.993)):
        write(folder / f"large-{seed}/record.json", test, 0.990, 3554, seed)
    storage.save(network(), folder / "large-1/model.safetensors")
    write(folder / "fashion/record.json", 0.90, 0.91, 3554, dataset="fashion-mnist")
    hostile = {"command": HOSTILE, "operators": [HOSTILE], "macs": 0, "confusion": []}
    write(
        folder / "<b>/record.json", 0.95, 0.96, 2000, 0, hostile, network=HOSTILE, family="monarch"
    )
    return folder
