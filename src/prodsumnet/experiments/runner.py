"""Running a recipe: training it, or going on with it, and recording what it gives."""

import json
from pathlib import Path

import torch

from prodsumnet import data, models, nn
from prodsumnet.experiments.recipe import Recipe
from prodsumnet.experiments.record import Record, surroundings
from prodsumnet.storage import save, write_text
from prodsumnet.training import (
    Progress,
    Trainer,
    check_fits,
    confusion_matrix,
    keep_freed_memory,
)

RECIPE, STATE = "recipe.json", "state.safetensors"
MODEL, RECORD = "model.safetensors", "record.json"
"""Files of a run's folder."""


def run(
    recipe: Recipe,
    folder: Path,
    command: str,
    resume: bool = False,
    progress: Progress | None = None,
) -> Record:
    """Train what a recipe says, in a folder, and return the record that is written there.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    folder : Path
        Holds the recipe, the state after the last finished epoch and, at the end, the model and
        the record.
    command : str
        The command to be recorded.
    resume : bool, optional
        Go on after the last finished epoch instead of starting anew.
    progress : callable, optional
        See `prodsumnet.training.Progress`.

    Raises
    ------
    ValueError
        If the folder holds the run of another recipe, the network cannot be built, or it does
        not fit the data set.
    NonFiniteLossError
        If the training diverges.
    OSError
        If the data cannot be had or a file cannot be written.
    """
    keep_freed_memory()
    torch.manual_seed(recipe.seed)
    model = models.build(recipe.network, recipe.budget, recipe.seed, recipe.family, recipe.options)
    claim(folder, recipe)
    dataset = data.load(recipe.dataset)
    check_fits(model, dataset, recipe.network)
    trainer = Trainer(model, recipe.training, recipe.seed, folder / STATE)
    result = trainer.fit(dataset, progress, resume)
    assert isinstance(result, nn.Network)
    save(result, folder / MODEL, {"dataset": recipe.dataset, "recipe": recipe.digest()})
    size = nn.count(result)
    confusion = confusion_matrix(result, dataset.test_images, dataset.test_labels)
    record = Record(
        command=command,
        recipe=recipe,
        data_digest=dataset.digest,
        trainable=size.trainable,
        stored=size.stored,
        bytes=size.bytes,
        file_bytes=(folder / MODEL).stat().st_size,
        macs=size.macs or 0,
        validation_accuracy=trainer.history[-1].validation_accuracy,
        test_accuracy=confusion.trace().item() / confusion.sum().item(),
        epochs=len(trainer.history),
        seconds=round(trainer.seconds, 1),
        history=[epoch.model_dump() for epoch in trainer.history],
        operators=[repr(m.operator) for m in result if isinstance(m, nn.Structured)],
        confusion=confusion.tolist(),
        **surroundings(),
    )
    record.write(folder / RECORD)
    return record


def claim(folder: Path, recipe: Recipe) -> None:
    """Write the recipe into a run's folder; refuse one that holds another run.

    Raises
    ------
    ValueError
        If the folder holds the run of another recipe.
    OSError
        If the recipe cannot be written.
    """
    path = folder / RECIPE
    mine = recipe.model_dump(mode="json")
    if path.is_file():
        try:
            theirs = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            theirs = None
        if theirs != mine:
            raise ValueError(f"{folder} holds the run of another recipe; give another folder")
    else:
        write_text(path, json.dumps(mine, indent=1) + "\n")
