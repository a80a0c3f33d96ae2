"""A recorded run: its networks by number, its lines, its file."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.training.archive import run_arrays, run_from_arrays
from scyfi_widgets.training.observation import Observation
from scyfi_widgets.training.run import CURVES, TrainerState, TrainingRun
from scyfi_widgets.training.series import TimeSeries


def a_run(epochs=4, saved=(0, 2, 4), learned=True, **changes) -> TrainingRun:
    rng = np.random.default_rng(0)
    M, N, S = 3, 2, len(saved)
    rows = {"A": (M,), "W": (M, M), "h": (M,)}
    parameters = {name: rng.normal(size=(S, *shape)) for name, shape in rows.items()}
    start = sw.AlmostLinearRNN(**{name: array[0] for name, array in parameters.items()}, n_relu=2)
    readouts = rng.normal(size=(S, N, M))
    values = {
        "start": start,
        "parameters": parameters,
        "saved_epochs": np.array(saved),
        **{name: rng.normal(size=epochs) for name in CURVES},
        "data": TimeSeries.of(rng.normal(size=(9, N)), names="ab", label="toy").standardised(),
        "observation": Observation.linear(readouts[0]) if learned else Observation(M, N),
        "readouts": readouts if learned else None,
        "settings": {"forcing": "free running", "seed": 3, "trainable": ["A", "W", "h"]},
        "stopped": "interrupted in epoch 4",
        "seconds": 1.5,
        "state": TrainerState({"first": rng.normal(size=5)}, {"random": {"state": 2**127}}),
    }
    values["alpha"][0] = np.nan
    return TrainingRun(**{**values, **changes})


def test_networks_by_number():
    run = a_run()
    assert run.epochs == 4
    assert run.model(0) == run.start
    assert run.final == run.model(4)
    np.testing.assert_array_equal(run.model(2)["W"], run.parameters["W"][1])
    assert run.observation_at(2) == Observation.linear(run.readouts[1])
    assert a_run(learned=False).observation_at(2) == Observation(3, 2)
    with pytest.raises(ValueError, match="3 was not saved; the nearest that were are 2 and 4"):
        run.model(3)
    assert [run.nearest_saved(epoch) for epoch in (0.9, 1, 1.1, 3.5)] == [0, 0, 2, 4]
    with pytest.raises(ValueError, match="epoch must be between 0 and 4"):
        run.model(5)
    with pytest.raises(TypeError, match="epoch must be a whole number"):
        run.model(1.5)


def test_lines_between_saved_networks():
    run = a_run()
    for epoch, ends in ((0, (0, 2)), (1.9, (0, 2)), (2, (2, 4)), (3.99, (2, 4))):
        line = run.line(epoch)
        assert (line.at(0.0), line.at(1.0)) == tuple(map(run.model, ends))
    with pytest.raises(ValueError, match="epoch must be at least 0 and below 4"):
        run.line(4)


def test_what_was_trained():
    assert a_run().names == ("A", "W", "h")
    run = a_run(settings={})
    assert run.names == ("A", "W", "h")
    rows = {name: array.copy() for name, array in run.parameters.items()}
    rows["W"][:, 1:] = rows["W"][0, 1:]
    rows["h"][:] = rows["h"][0]
    run = a_run(settings={}, parameters=rows)
    assert run.names == ("A", "W[0,0]", "W[0,1]", "W[0,2]")


def test_a_run_as_text_and_as_a_table():
    run = a_run()
    assert "4 epochs" in repr(run)
    assert "interrupted in epoch 4" in repr(run)
    assert "seed=3" in repr(run)
    assert run.memory == 8 * 3 * (3 + 9 + 3 + 6)
    table = run.to_dataframe()
    assert table.shape == (4, 5)
    np.testing.assert_array_equal(table["loss"], run.loss)


def test_the_arrays_are_not_to_be_changed():
    run = a_run()
    for array in (run.loss, run.saved_epochs, run.parameters["A"], run.readouts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("learned", [True, False])
def test_a_file_holds_every_bit(tmp_path, learned):
    run = a_run(learned=learned, **({} if learned else {"data": None, "state": None}))
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        again = run_from_arrays(dict(file))
    assert again.start == run.start
    for name in (*CURVES, "saved_epochs"):
        np.testing.assert_array_equal(getattr(again, name), getattr(run, name))
    for name, rows in run.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], rows)
    assert again.data == run.data
    assert again.observation == run.observation
    assert (again.readouts is None) == (run.readouts is None)
    if learned:
        np.testing.assert_array_equal(again.readouts, run.readouts)
        np.testing.assert_array_equal(again.state.arrays["first"], run.state.arrays["first"])
        assert again.state.values == run.state.values
    facts = ("settings", "stopped", "seconds")
    assert [getattr(again, name) for name in facts] == [getattr(run, name) for name in facts]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("format", np.array("else"), "no training run"),
        ("version", np.array(9), "reads version 1"),
        ("version", None, "'version', a whole number, is missing"),
        ("settings", np.array("{"), "'settings', a JSON text, is missing or damaged"),
        ("settings", np.array("{}"), "hold no valid architecture and options"),
        ("loss", None, "'loss' is missing"),
        ("loss", np.zeros(3), r"gradient_norm must have shape \(3,\)"),
        ("loss", np.array("a"), "'loss' must hold numbers"),
        ("saved_epochs", np.array([0, 2, 3]), "must begin with 0 and end with 4"),
        ("saved_epochs", np.array([0, 2, 2, 4]), "must ascend"),
        ("parameter.W", None, "parameters do not fit"),
        ("parameter.W", np.zeros((2, 3, 3)), r"W must have shape \(3, 3, 3\)"),
        ("parameter.W", np.zeros((3, 3, 2)), r"W must have shape \(3, 3\)"),
        ("readout", np.zeros((2, 4)), r"B must have shape \(2, 3\)"),
        ("readouts", np.zeros((2, 2, 3)), r"readouts must have shape \(3, 2, 3\)"),
        ("data.values", None, "'data.values' is missing"),
        ("data.scale", np.zeros(2), "scale must be positive"),
    ],
)
def test_damaged_entries(name, value, message):
    arrays = run_arrays(a_run())
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    with pytest.raises(ValueError, match=message):
        run_from_arrays(arrays)


def test_a_path_that_is_no_npz(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.npz"):
        a_run().save(tmp_path / "run.mat")
    with pytest.raises(TypeError, match="run must be a TrainingRun"):
        run_arrays("run")
