"""A data set in memory, and its split for validation."""

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor


class Split(NamedTuple):
    """Training data cut in two: what is learnt from, and what choices are made on."""

    train_images: Tensor  # (n, 1, 28, 28) uint8, or (n, features) float32
    train_labels: Tensor  # (n,) int64
    validation_images: Tensor  # (m, 1, 28, 28) uint8, or (m, features) float32
    validation_labels: Tensor  # (m,) int64


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory: images, or the rows of a table under the same names.

    Attributes
    ----------
    name : str
        One of `prodsumnet.data.names`.
    train_images, test_images : Tensor
        Of images uint8 grey values from 0 (background) to 255, of shapes (60000, 1, 28, 28) and
        (10000, 1, 28, 28), which are divided by 255 when they are used. Of tables standardised
        float32 features, of shapes (n, features), which are used as they are.
    train_labels, test_labels : Tensor
        int64 classes from 0, of shapes (n,).
    digest : str
        It identifies the data in records. Of images the SHA-256 over the four files' hexadecimal
        SHA-256 digests joined in the order training images, training labels, test images, test
        labels; of tables that of the raw arrays (`prodsumnet.data.tables.Table`).
    validation : int
        How many of the last training samples are for validation, unless `split` is told otherwise:
        5,000 images. Tables are standardised by the samples before these.
    """

    name: str
    train_images: Tensor = field(repr=False)
    train_labels: Tensor = field(repr=False)
    test_images: Tensor = field(repr=False)
    test_labels: Tensor = field(repr=False)
    digest: str
    validation: int = field(default=5_000, repr=False)

    @property
    def classes(self) -> int:
        """Number of classes, up to the largest in the training data."""
        return int(self.train_labels.max()) + 1

    def split(self, validation: int | None = None) -> Split:
        """Cut the last samples off the training data, for validation.

        Parameters
        ----------
        validation : int, optional
            Number of validation samples m, with 0 < m < number of training samples; by default the
            data set's own.

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
        validation = self.validation if validation is None else validation
        if not 0 < validation < total:
            raise ValueError(f"validation={validation}: expected from 1 to {total - 1} samples")
        kept = total - validation
        return Split(
            self.train_images[:kept],
            self.train_labels[:kept],
            self.train_images[kept:],
            self.train_labels[kept:],
        )
