"""``prodsumnet evaluate``: the test accuracy of a trained network."""

import json
from typing import Annotated

import typer

from prodsumnet import data, nn, storage
from prodsumnet.training import accuracy, check_fits


def evaluate(
    model: Annotated[str, typer.Argument(help="A file, or the name of a shipped network.")],
    dataset: Annotated[
        str | None, typer.Option(help="Data set.", show_default="the one it was trained on")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the accuracy on the test set, and the size, of a trained network."""
    network = storage.load(model)
    name = dataset or str(storage.about(model).get("dataset", "mnist"))
    test = data.load(name)
    check_fits(network, test, model)
    size = nn.count(network)
    result = {
        "test_accuracy": accuracy(network, test.test_images, test.test_labels),
        "trainable": size.trainable,
        "stored": size.stored,
        "bytes": size.bytes,
        "macs": size.macs,
        "dataset": name,
    }
    if as_json:
        print(json.dumps(result))
    else:
        print(
            f"{model}: {result['test_accuracy']:.2%} of the {name} test set; {size.trainable} "
            f"trainable, {size.stored} stored numbers, {size.bytes} bytes, {size.macs} MACs"
        )
