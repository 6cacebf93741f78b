"""Training networks, and measuring what they get right."""

from prodsumnet.training.checkpoint import Epoch
from prodsumnet.training.evaluation import accuracy, confusion_matrix, predictions
from prodsumnet.training.inputs import check_fits, to_inputs
from prodsumnet.training.loop import NonFiniteLossError, Progress, Trainer
from prodsumnet.training.memory import keep_freed_memory
from prodsumnet.training.preconditioner import KroneckerFisher
from prodsumnet.training.processes import (
    is_first_process,
    local_process_count,
    process_count,
    process_rank,
)
from prodsumnet.training.settings import Augmentation, Preconditioner, Settings, Training

__all__ = [
    "Augmentation",
    "Epoch",
    "KroneckerFisher",
    "NonFiniteLossError",
    "Preconditioner",
    "Progress",
    "Settings",
    "Trainer",
    "Training",
    "accuracy",
    "check_fits",
    "confusion_matrix",
    "is_first_process",
    "keep_freed_memory",
    "local_process_count",
    "predictions",
    "process_count",
    "process_rank",
    "to_inputs",
]
