"""Names of files as epochs, and what is missing among them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyfi_widgets.files import ModelFileError
from scyfi_widgets.files.run_files import (
    epochs_of_files,
    files_of_run,
    labels_of,
    natural,
    require_regular,
)


@pytest.mark.parametrize(
    ("names", "epochs"),
    [
        (["model_0.pt", "model_10.pt", "model_9.pt"], [0, 10, 9]),
        (["0001.npz", "0010.npz"], [1, 10]),
        (["7.pt"], [7]),
        (["run_3_model_250.pt"], [250]),
        (["run3/epoch_20/v2.pt", "run3/epoch_30/v2.pt"], [20, 30]),
        (["epoch=1-step=40.ckpt", "epoch=2-step=80.ckpt"], [1, 2]),
        (["M20_e5_loss0.53.pt", "M20_e10_loss0.21.pt"], [5, 10]),
        (["state1_epoch7_b.pt"], [7]),
        (["Epoch 3.h5", "Epoch 4.h5"], [3, 4]),
        (["model.v2.5.pt", "model.v2.6.pt"], [5, 6]),
        (["net.h5", "other.npz"], None),
    ],
)
def test_epoch_in_a_name(names, epochs):
    found = epochs_of_files(names)
    assert epochs is found is None or found.tolist() == epochs


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["model_1.pt", "model_2.pt", "optim_1.pt"], r"model_1\.pt and optim_1\.pt are not of one"),
        (["model_1.pt", "model_1.npz"], r"model_\*\.pt \(1\), model_\*\.npz \(1\)"),
        (["model_1.pt", "final.pt"], r"model_1\.pt and final\.pt are not of one series"),
        (["a1_b1.pt", "a2_b2.pt"], r"a1_b1\.pt: 2 numbers change from file to file"),
        (["n_1.pt", "n_99999999999999999999.pt"], "99999999999999999999 is no epoch"),
    ],
)
def test_names_that_do_not_tell(names, message):
    with pytest.raises(ModelFileError, match=message):
        epochs_of_files(names)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30, unique=True), st.booleans())
def test_every_set_of_numbers_is_read_and_sorted(numbers, padded):
    names = [f"net-{number:0{12 * padded}d}-of-3.npz" for number in numbers]
    if len(numbers) > 1:
        assert epochs_of_files(names).tolist() == numbers
    ordered = sorted((Path(name) for name in names), key=natural)
    expected = [f"net-{number:0{12 * padded}d}-of-3.npz" for number in sorted(numbers)]
    assert [path.name for path in ordered] == expected


@pytest.mark.parametrize(
    "epochs",
    [
        [0],
        [0, 7],
        [0, 1, 2, 3],
        [5, 10, 15, 20],
        [0, 25, 50, 75, 99],
        [1, 25, 50, 75],
        [1, 2, 4, 8, 16],
    ],
)
def test_regular_epochs(epochs):
    require_regular(np.array(epochs), list(map(str, epochs)), gaps=False)


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([0, 1, 2, 4, 5], "^4: epoch 3 missing after 2 "),
        ([0, 1, 2, 3, 6], "^6: epochs 4, 5 missing after 3 "),
        (
            [0, 10, 20, 30, 90, 100],
            r"^90: epochs 40, 50, 60 … missing after 30 \(the others are 10",
        ),
        ([0, 1, 2, 3, 5, 6, 8], "and there are 1 more gaps"),
        ([0, 1, 1, 2], "1 and 1 are both of epoch 1"),
    ],
)
def test_missing_and_double_epochs(epochs, message):
    with pytest.raises(ModelFileError, match=message):
        require_regular(np.array(epochs), list(map(str, epochs)), gaps=False)


def test_gaps_may_be_but_not_two_of_one_epoch():
    require_regular(np.array([0, 1, 2, 9]), list("abcd"), gaps=True)
    with pytest.raises(ModelFileError, match="b and c are both of epoch 1"):
        require_regular(np.array([0, 1, 1, 9]), list("abcd"), gaps=True)


def test_labels_tell_files_apart():
    assert labels_of([Path("a/x.npz"), Path("a/y.npz")]) == ["x.npz", "y.npz"]
    assert labels_of([Path("a/b/x.npz"), Path("a/c/x.npz")]) == ["b/x.npz", "c/x.npz"]


def test_folder_and_pattern(tmp_path):
    for name in ("net_10.pt", "net_2.pt", "notes.txt", "log_3.txt", "data.npz", ".net_4.pt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "plots_1").mkdir()
    assert [p.name for p in files_of_run(tmp_path)] == ["net_2.pt", "net_10.pt"]
    assert [p.name for p in files_of_run(str(tmp_path / "*.txt"))] == ["log_3.txt", "notes.txt"]
    given_order = [tmp_path / "net_10.pt", str(tmp_path / "net_2.pt")]
    assert [p.name for p in files_of_run(given_order)] == ["net_10.pt", "net_2.pt"]


def test_a_name_with_brackets_is_a_name_before_it_is_a_pattern(tmp_path):
    path = tmp_path / "net[1].npz"
    path.write_bytes(b"x")
    assert files_of_run(str(path)) == [path]
