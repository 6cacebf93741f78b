"""Training networks, and measuring what they get right."""

from prodsumnet.training.checkpoint import Epoch
from prodsumnet.training.evaluation import accuracy, confusion_matrix, predictions
from prodsumnet.training.inputs import check_fits, to_inputs
from prodsumnet.training.loop import NonFiniteLossError, Progress, Trainer
from prodsumnet.training.memory import keep_freed_memory
from prodsumnet.training.settings import Augmentation, Settings, Training

__all__ = [
    "Augmentation",
    "Epoch",
    "NonFiniteLossError",
    "Progress",
    "Settings",
    "Trainer",
    "Training",
    "accuracy",
    "check_fits",
    "confusion_matrix",
    "keep_freed_memory",
    "predictions",
    "to_inputs",
]
