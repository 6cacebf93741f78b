"""A data set in memory, and its split for validation."""

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor


class Split(NamedTuple):
    """Training data cut in two: what is learnt from, and what choices are made on."""

    train_images: Tensor  # (n, 1, 28, 28) uint8
    train_labels: Tensor  # (n,) int64
    validation_images: Tensor  # (m, 1, 28, 28) uint8
    validation_labels: Tensor  # (m,) int64


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory.

    Attributes
    ----------
    name : str
        Its name in the catalogue.
    train_images, test_images : Tensor
        uint8 grey values from 0 (background) to 255, of shapes (60000, 1, 28, 28) and
        (10000, 1, 28, 28).
    train_labels, test_labels : Tensor
        int64 classes from 0 to 9, of shapes (60000,) and (10000,).
    digest : str
        SHA-256 over the four files' hexadecimal SHA-256 digests joined in the order training
        images, training labels, test images, test labels; it identifies the data in records.
    """

    name: str
    train_images: Tensor = field(repr=False)
    train_labels: Tensor = field(repr=False)
    test_images: Tensor = field(repr=False)
    test_labels: Tensor = field(repr=False)
    digest: str

    def split(self, validation: int = 5_000) -> Split:
        """Cut the last samples off the training data, for validation.

        Parameters
        ----------
        validation : int
            Number of validation samples m, with 0 < m < number of training samples.

        Returns
        -------
        Split
            Views: nothing is copied.

        Raises
        ------
        ValueError
            If `validation` is out of range.
        """
        total = len(self.train_labels)
        if not 0 < validation < total:
            raise ValueError(f"validation={validation}: expected from 1 to {total - 1} samples")
        kept = total - validation
        return Split(
            self.train_images[:kept],
            self.train_labels[:kept],
            self.train_images[kept:],
            self.train_labels[kept:],
        )
