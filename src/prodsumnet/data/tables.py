"""Tables that ship in scikit-learn: rows of measurements, where a convolution has no meaning."""

import hashlib
from dataclasses import dataclass

import torch

from prodsumnet.data.dataset import Dataset
from prodsumnet.data.sources import DataUnavailableError
from prodsumnet.numerics import streams

_SPLIT_SEED = 0


@dataclass(frozen=True)
class Table:
    """One table of scikit-learn's.

    Attributes
    ----------
    name : str
        The name users give.
    function : str
        The function of `sklearn.datasets` that reads it.
    digest : str
        SHA-256 of the features as little-endian float64, row by row, followed by the classes as
        little-endian int64, in hexadecimal.
    """

    name: str
    function: str
    digest: str

    def arrays(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the features as scikit-learn has them, float64 ``(n, features)``, and the classes.

        Raises
        ------
        ModuleNotFoundError
            If scikit-learn is not installed (``pip install 'prodsumnet[tabular]'``).
        DataUnavailableError
            If the installed scikit-learn holds other numbers.
        """
        try:
            from sklearn import __version__, datasets
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{self.name} needs scikit-learn: pip install 'prodsumnet[tabular]'",
                name=error.name,
            ) from error
        features, classes = getattr(datasets, self.function)(return_X_y=True)
        content = features.astype("<f8").tobytes() + classes.astype("<i8").tobytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.digest:
            raise DataUnavailableError(
                f"{self.name} of scikit-learn {__version__} has the SHA-256 {digest}, expected "
                f"{self.digest}; install another version of scikit-learn"
            )
        return torch.from_numpy(features).double(), torch.from_numpy(classes).long()

    def load(self) -> Dataset:
        """Return the table, split and standardised as `split_table` and `standardised` say.

        Raises
        ------
        ModuleNotFoundError, DataUnavailableError
            As `arrays` does.
        """
        features, classes = self.arrays()
        train, validation, test = split_table(classes)
        values = standardised(features, train)
        learnt = torch.cat((train, validation))
        return Dataset(
            name=self.name,
            train_images=values[learnt],
            train_labels=classes[learnt],
            test_images=values[test],
            test_labels=classes[test],
            digest=self.digest,
            validation=len(validation),
        )


def split_table(classes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the rows for training, validation and test: three fifths, a fifth and a fifth.

    The rows are shuffled with seed 0 of the library's own generator, the same on every platform,
    and sorted by class. Of every five rows in that order the first is for the test, the second for
    validation and the others for training, so that each class, too, is cut in these proportions.

    Parameters
    ----------
    classes : Tensor
        int64, ``(n,)``.
    """
    shuffled = streams.permutation(_SPLIT_SEED, len(classes))
    rows = shuffled[classes[shuffled].argsort(stable=True)]
    place = torch.arange(len(rows)) % 5
    return rows[place > 1], rows[place == 1], rows[place == 0]


def standardised(features: torch.Tensor, train: torch.Tensor) -> torch.Tensor:
    """Return features of mean 0 and variance 1 over the rows for training alone, as float32.

    Parameters
    ----------
    features : Tensor
        float64, ``(n, features)``.
    train : Tensor
        The rows for training; the others are moved and scaled by what these give.
    """
    seen = features[train]
    return ((features - seen.mean(0)) / seen.std(0, correction=0)).float()


# Street, Wolberg & Mangasarian, "Nuclear feature extraction for breast tumor diagnosis", 1993.
BREAST_CANCER = Table(
    "breast-cancer",
    "load_breast_cancer",
    "25e2eb7b7a8745b1bde5ba18bc4969983d2e2f403291ecd5bde4a29ef30c3859",
)

# Forina, Leardi, Armanino & Lanteri, "PARVUS: an extendable package of programs for data
# exploration, classification and correlation", 1988.
WINE = Table(
    "wine",
    "load_wine",
    "3a28849ef2366c4b9d4e382b3fa5624a66f693c04d7fdcf43c529bbb0bb338d7",
)

TABLES = {table.name: table for table in (BREAST_CANCER, WINE)}
