"""Tables: scikit-learn's numbers, cut and standardised without a look at what is held back."""

import dataclasses
import hashlib
import subprocess
import sys

import numpy as np
import pytest
import sklearn.datasets
import torch
from sklearn.preprocessing import StandardScaler

from prodsumnet import data
from prodsumnet.data.tables import TABLES, split_table, standardised

READ = {"breast-cancer": sklearn.datasets.load_breast_cancer, "wine": sklearn.datasets.load_wine}
SHAPES = {"breast-cancer": (341, 114, 114, 30, 2), "wine": (106, 36, 36, 13, 3)}
FIRST = {"breast-cancer": [3, 10, 14, 18, 19], "wine": [11, 12, 16, 23, 28]}


@pytest.mark.parametrize("name", READ)
def test_values_are_scikit_learn_s_standardised_by_the_training_part(name):
    features, classes = READ[name](return_X_y=True)
    train, validation, test = (part.numpy() for part in split_table(torch.tensor(classes)))
    scaler = StandardScaler().fit(features[train])
    table = data.load(name)
    split = table.split()
    for part, values, labels in (
        (train, split.train_images, split.train_labels),
        (validation, split.validation_images, split.validation_labels),
        (test, table.test_images, table.test_labels),
    ):
        assert values.dtype == torch.float32
        assert labels.dtype == torch.int64
        np.testing.assert_allclose(values, scaler.transform(features[part]), rtol=1e-5, atol=1e-5)
        assert labels.tolist() == classes[part].tolist()
    sizes = len(train), len(validation), len(test), values.shape[1], table.classes
    assert sizes == SHAPES[name]


def test_what_is_held_back_changes_nothing_in_training():
    features = torch.rand(10, 3, dtype=torch.float64)
    train = torch.tensor([0, 2, 5, 7])
    other = features.clone()
    other[[1, 3, 4, 6, 8, 9]] += 100
    assert torch.equal(standardised(features, train)[train], standardised(other, train)[train])
    assert not torch.equal(standardised(features, train), standardised(other, train))


@pytest.mark.parametrize("name", READ)
def test_the_split_is_fixed_disjoint_and_stratified(name):
    classes = torch.tensor(READ[name](return_X_y=True)[1])
    parts = split_table(classes)
    assert sorted(torch.cat(parts).tolist()) == list(range(len(classes)))
    for part, share in zip(parts, (3, 1, 1), strict=True):
        for label in classes.unique():
            members = int((classes == label).sum())
            assert abs(int((classes[part] == label).sum()) - share * members / 5) < 1.5
    # The same rows on every platform, from the library's own generator.
    assert sorted(parts[2].tolist())[:5] == FIRST[name]
    assert torch.equal(torch.cat(parts), torch.cat(split_table(classes)))


@pytest.mark.parametrize("name", READ)
def test_the_digest_is_of_the_raw_arrays(name):
    features, classes = READ[name](return_X_y=True)
    raw = np.ascontiguousarray(features, "<f8").tobytes() + classes.astype("<i8").tobytes()
    digest = hashlib.sha256(raw).hexdigest()
    assert data.load(name).digest == digest
    assert data.verify(name) == {name: digest}


@pytest.mark.parametrize("position", [0, 1])
def test_other_numbers_in_scikit_learn_are_refused(position, monkeypatch):
    arrays = READ["wine"](return_X_y=True)
    arrays[position][(5, 7)[: arrays[position].ndim]] += 1
    monkeypatch.setattr(sklearn.datasets, "load_wine", lambda return_X_y: arrays)  # noqa: N803
    for function in (data.load, data.verify):
        with pytest.raises(data.DataUnavailableError, match=r"wine of scikit-learn .* SHA-256"):
            function("wine")


@pytest.mark.parametrize(("function", "root"), [("folder", None), ("load", "x"), ("verify", "x")])
def test_tables_have_no_folder(function, root):
    with pytest.raises(ValueError, match="wine is a part of scikit-learn: it needs no fetching"):
        getattr(data, function)("wine", root)


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'prodsumnet\[tabular\]'"):
        data.load("wine")


def test_scikit_learn_is_loaded_for_tables_only():
    code = (
        "import sys; from prodsumnet import data; first = 'sklearn' in sys.modules;"
        "data.load('wine'); print(first, 'sklearn' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert result.stdout == "False True\n"


def test_a_data_set_has_a_validation_part_of_its_own():
    wine = data.load("wine")
    assert len(wine.split().validation_labels) == 36
    assert len(wine.split(5).validation_labels) == 5
    assert len(dataclasses.replace(wine, validation=7).split().validation_labels) == 7


def test_every_table_is_named():
    assert data.names() == ("mnist", "fashion-mnist", *TABLES)
