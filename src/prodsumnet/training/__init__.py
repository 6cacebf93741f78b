"""Training networks, and measuring what they get right."""

from prodsumnet.training.checkpoint import Epoch
from prodsumnet.training.evaluation import accuracy, predictions
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
    "keep_freed_memory",
    "predictions",
]
