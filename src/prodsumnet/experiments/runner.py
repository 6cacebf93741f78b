"""Running a recipe: training it, or going on with it, and recording what it gives."""

import json
from pathlib import Path

import torch

from prodsumnet import data, models, nn
from prodsumnet.experiments.recipe import Recipe
from prodsumnet.experiments.record import Record, read_record, surroundings
from prodsumnet.storage import save, write_text
from prodsumnet.training import (
    Progress,
    Trainer,
    check_fits,
    confusion_matrix,
    is_first_process,
    keep_freed_memory,
    process_count,
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

    Processes that ``torchrun`` started train it together, as `Trainer` says. The first of them
    writes, all return the record, and all must see the folder.

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
    trainer = Trainer(model, recipe.training, recipe.seed, folder / STATE)
    with trainer.fabric.rank_zero_first(local=True):  # who may have to fetch it
        dataset = data.load(recipe.dataset)
    check_fits(model, dataset, recipe.network)
    trainer.fit(dataset, progress, resume)
    if is_first_process():
        _write(trainer, recipe, dataset, folder, command)
    trainer.fabric.barrier()
    return read_record(folder / RECORD)


def _write(
    trainer: Trainer, recipe: Recipe, dataset: data.Dataset, folder: Path, command: str
) -> None:
    """Write the model and the record of a finished training."""
    result = trainer.result
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
        processes=process_count(),
        **surroundings(),
    )
    record.write(folder / RECORD)


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
    elif is_first_process():
        write_text(path, json.dumps(mine, indent=1) + "\n")
