"""Training runs: our own files, byte by byte, and the checkpoints of other code."""

import contextlib
import io
import json
from itertools import pairwise

import numpy as np
import pytest
from scipy.io import savemat

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError, load_run
from scyfi_widgets.files.npz import npz_bytes
from scyfi_widgets.training.archive import run_arrays
from scyfi_widgets.training.observation import Observation
from scyfi_widgets.training.run import CURVES, TrainerState, TrainingRun
from scyfi_widgets.training.series import TimeSeries

STEP = "latent_model.latent_step"


def trained(model, *, E=3, learned=True) -> TrainingRun:
    rng = np.random.default_rng(3)
    S, M = E + 1, model.M
    rows = {
        name: np.stack([array, *(array + rng.normal(size=(E, *array.shape)))])
        for name, array in model.parameters.items()
    }
    B = rng.normal(size=(S, 2, M))
    return TrainingRun(
        start=model,
        parameters=rows,
        saved_epochs=np.arange(S),
        **{name: rng.random(E) for name in CURVES},
        data=TimeSeries(rng.normal(size=(10, 2)), names=("ä", "b"), time_step=0.5, label="noise"),
        observation=Observation.linear(B[0]) if learned else Observation(M, 2),
        readouts=B if learned else None,
        settings={"forcing": "free", "seed": 4, "trainable": ["A"]},
        stopped="interrupted in epoch 3",
        seconds=1.5,
        state=TrainerState({"m": rng.normal(size=5)}, {"count": 3, "random": [1, 2**70]}),
    )


def same(a: TrainingRun, b: TrainingRun) -> bool:
    left, right = run_arrays(a), run_arrays(b)
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype
        and left[name].shape == right[name].shape
        and left[name].tobytes() == right[name].tobytes()
        for name in left
    )


def saved_bytes(run, tmp_path) -> bytes:
    run.save(tmp_path / "whole.npz")
    return (tmp_path / "whole.npz").read_bytes()


# Our own runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize(
    "name", ["PLRNN", "ShallowPLRNN", "ClippedShallowPLRNN", "DendriticPLRNN", "AlmostLinearRNN"]
)
def test_round_trip_is_exact(tmp_path, networks, name, learned):
    run = trained(networks[name], learned=learned)
    run.save(tmp_path / "run.npz")
    back = load_run(tmp_path / "run.npz")
    assert same(run, back)
    assert back.model(2) == run.model(2)
    assert back.settings == run.settings
    assert back.state.values == run.state.values


def test_run_of_one_network_and_a_foreign_run_survive_saving(tmp_path, write, networks):
    run = trained(networks["PLRNN"], E=0)
    run.save(tmp_path / "run.npz")
    assert same(load_run(tmp_path / "run.npz"), run)
    for epoch in (3, 4):
        write(f"net_{epoch}.npz", npz_bytes(networks["PLRNN"]))
    foreign = load_run(tmp_path / "net_*.npz")
    foreign.save(tmp_path / "run.npz")
    assert same(load_run(tmp_path / "run.npz"), foreign)


def test_every_prefix_of_a_run_is_refused(write, tmp_path, networks):
    whole = saved_bytes(trained(networks["AlmostLinearRNN"]), tmp_path)
    for length in range(0, len(whole), 37):
        with pytest.raises(ModelFileError, match=r"^run\.npz: "):
            load_run(write("run.npz", whole[:length]))


def test_flipped_bytes_give_the_error_or_the_same_run(write, tmp_path, networks):
    run = trained(networks["PLRNN"])
    whole = saved_bytes(run, tmp_path)
    equal = 0
    for place in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[place] ^= 1 << (place % 8)
        with contextlib.suppress(ModelFileError):
            assert same(load_run(write("run.npz", bytes(broken))), run)
            equal += 1
    assert 0 < equal < len(whole) // 14  # dates, and other bytes that nobody reads


def test_bytes_put_in_or_taken_out(write, tmp_path, networks):
    run = trained(networks["PLRNN"])
    whole = saved_bytes(run, tmp_path)
    rng = np.random.default_rng(0)
    for place in rng.integers(len(whole), size=150):
        for broken in (
            whole[:place] + rng.bytes(3) + whole[place:],
            whole[:place] + whole[place + 2 :],
        ):
            with contextlib.suppress(ModelFileError):
                assert same(load_run(write("run.npz", broken)), run)


def test_entries_that_damage_hides(write, tmp_path, networks):
    whole = saved_bytes(trained(networks["PLRNN"]), tmp_path)
    name = whole.rindex(b"readouts.npy")
    with pytest.raises(ModelFileError, match=r"'readouts\.npX' is no array"):
        load_run(write("run.npz", whole[: name + 11] + b"X" + whole[name + 12 :]))
    # A comment of the entry before it, as long as the rest of the directory, swallows the rest.
    entry = whole.rindex(b"PK\x01\x02", 0, name - 46)
    length = whole.rindex(b"PK\x05\x06") - whole.index(b"PK\x01\x02", entry + 4)
    swallowed = whole[: entry + 32] + length.to_bytes(2, "little") + whole[entry + 34 :]
    with pytest.raises(ModelFileError, match=r"counts \d+ entries and lists \d+"):
        load_run(write("run.npz", swallowed))


def changed(run, **changes) -> bytes:
    """Return a run's file with whole entries changed, which no checksum notices."""
    arrays = run_arrays(run) | {name.replace("__", "."): value for name, value in changes.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **{name: value for name, value in arrays.items() if value is not None})
    return buffer.getvalue()


def facts(run, **changes) -> np.ndarray:
    return np.array(json.dumps(json.loads(str(run_arrays(run)["settings"])) | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": np.array(2)}, "version 2; this scyfi_widgets reads version 1"),
        ({"version": None}, "version"),
        ({"settings": None}, "settings"),
        ({"settings": np.array("[" * 100_000)}, "damaged"),
        ({"parameter__W": None}, "parameters"),
        ({"parameter__W": np.zeros((4, 2, 3))}, "damaged"),
        ({"parameter__W": np.zeros((3, 3, 3))}, "W"),
        ({"parameter__W": np.full((4, 3, 3), np.nan)}, "W must be finite"),
        ({"parameter__X": np.zeros((4, 3))}, "damaged"),
        ({"loss": np.zeros(4)}, "must have shape"),
        ({"loss": np.full(3, "x")}, "must hold numbers"),
        ({"loss": None}, "'loss' is missing"),
        ({"saved_epochs": np.array([0, 1, 2, 2])}, "saved_epochs must ascend"),
        ({"saved_epochs": np.array([0, 1, 2, 1 << 60])}, "saved_epochs"),
        ({"saved_epochs": np.array([0.0, 1, 2, 3])}, "must hold numbers"),
        ({"data__values": np.full((10, 2), np.inf)}, "finite"),
        ({"data__mean": None}, "data.mean"),
        ({"readout": np.zeros((2, 5))}, "damaged"),
        ({"readouts": np.zeros((4, 5, 5))}, "readouts"),
    ],
)
def test_entries_that_do_not_fit(write, networks, changes, message):
    path = write("run.npz", changed(trained(networks["PLRNN"]), **changes))
    with pytest.raises(ModelFileError, match=message) as error:
        load_run(path)
    assert str(error.value).startswith("run.npz: ")


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "LSTM"},
        {"architecture": "ShallowPLRNN"},
        {"architecture": 5},
        {"options": {"n_relu": 2}},
        {"options": None},
        {"observation": {"N": 0, "learned": False}},
        {"observation": {}},
        {"data": {}},
        {"seconds": "long"},
        {"settings": []},
    ],
)
def test_settings_that_do_not_fit(write, networks, change):
    run = trained(networks["PLRNN"])
    with pytest.raises(ModelFileError, match=r"^run\.npz: the "):
        load_run(write("run.npz", changed(run, settings=facts(run, **change))))


def test_objects_in_a_run_are_never_unpickled(write, tmp_path, networks):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    run = trained(networks["PLRNN"])
    for name in ("format", "loss", "settings", "data__names"):
        value = np.array([Trap()], dtype=object)
        with pytest.raises(ModelFileError, match="Python objects, which are never unpickled"):
            load_run(write("run.npz", changed(run, **{name: value})))
    assert not (tmp_path / "sprung").exists()


def test_options_of_foreign_runs_do_not_fit_our_own(tmp_path, networks):
    trained(networks["PLRNN"]).save(tmp_path / "run.npz")
    with pytest.raises(ValueError, match=r"n_relu and loss belong to runs of other code"):
        load_run(tmp_path / "run.npz", n_relu=2, loss=[1.0])


def test_a_run_and_a_model_are_told_apart(write, tmp_path, networks):
    trained(networks["PLRNN"]).save(tmp_path / "run.npz")
    with pytest.raises(ModelFileError, match="this is a training run: load_run reads it"):
        sw.load_model(tmp_path / "run.npz")
    with pytest.raises(ModelFileError, match="one network, which load_model reads"):
        load_run(write("net.npz", npz_bytes(networks["PLRNN"])))


# Runs of other code: one file an epoch ------------------------------------------------------------


def sequence(model, count: int) -> list:
    """Return networks on a straight path, as a training may leave them."""
    first = next(iter(model.parameters))
    return [model.replace({first: model[first] * (1 - 0.01 * i)}) for i in range(count)]


def assert_holds(run, models, epochs=None):
    epochs = range(len(models)) if epochs is None else epochs
    assert run.saved_epochs.tolist() == list(epochs)
    assert run.epochs == list(epochs)[-1]
    for epoch, model in zip(epochs, models, strict=True):
        assert run.model(epoch) == model
    for name in ("gradient_norm", "alpha", "learning_rate"):
        assert np.isnan(getattr(run, name)).all()


def dendritic(model, B=None) -> dict:
    AW = np.array(model["W"])
    np.fill_diagonal(AW, model["A"])
    held = {f"{STEP}.AW": AW, f"{STEP}.h": model["h"]}
    held |= {f"{STEP}.thetas": -model["theta"], f"{STEP}.alphas": model["alpha"]}
    return held if B is None else held | {"output_layer.weight": B}


@pytest.fixture
def dendritic_models(networks):
    model = networks["DendriticPLRNN"]
    W = np.array(model["W"])
    np.fill_diagonal(W, 0)
    return sequence(model.replace({"W": W}), 12)


def test_folder_of_dendritic_state_dicts(write, tmp_path, torch_format, dendritic_models):
    rng = np.random.default_rng(6)
    B = rng.normal(size=(12, 2, 3))
    for i, model in enumerate(dendritic_models):
        write(f"model_{5 * i}.pt", torch_format.file(dendritic(model, B[i])))
    write("hypers.pkl", b"\x80\x04not read")
    write("model_best.pt", b"not read either")
    write(".model_7.pt", b"hidden")
    with pytest.warns(UserWarning, match=r"model_0\.pt: .*clip the state") as caught:
        run = load_run(tmp_path)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert_holds(run, dendritic_models, range(0, 60, 5))
    assert np.array_equal(run.readouts, B)
    assert run.observation == Observation.linear(B[0])
    assert run.observation_at(10) == Observation.linear(B[2])
    assert np.isnan(run.loss).all()
    assert np.isnan(run.step_length).all()
    assert run.settings["files"] == 12


@pytest.mark.filterwarnings("ignore:.*clip the state")
def test_readout_that_stays_and_one_with_an_offset(write, tmp_path, torch_format, dendritic_models):
    B = np.ones((2, 3))
    for i in range(3):
        write(f"m{i}.pt", torch_format.file(dendritic(dendritic_models[i], B)))
    run = load_run(tmp_path / "m*.pt")
    assert run.observation == Observation.linear(B, learned=False)
    assert run.readouts is None
    for i in range(3):
        held = dendritic(dendritic_models[i], B) | {"output_layer.bias": np.ones(2)}
        write(f"m{i}.pt", torch_format.file(held))
    assert load_run(tmp_path / "m*.pt").observation == Observation(3, 3)
    assert load_run(tmp_path / "m*.pt", observation=2).observation == Observation(3, 2)


def test_almost_linear_networks_with_a_readout_by_name(write, tmp_path, torch_format, networks):
    models = sequence(networks["AlmostLinearRNN"], 3)
    B = np.random.default_rng(1).normal(size=(2, 3))
    for i, model in enumerate(models):
        write(f"epoch{i}.pt", torch_format.file({**model.parameters, "B": B}))
    run = load_run(tmp_path, n_relu=2, observation="B")
    assert_holds(run, models)
    assert run.observation == Observation.linear(B, learned=False)
    with pytest.raises(ModelFileError, match=r"^epoch0\.pt: .*pass n_relu=P"):
        load_run(tmp_path)
    with pytest.raises(ModelFileError, match=r"^epoch0\.pt: there is no readout 'C'"):
        load_run(tmp_path, n_relu=2, observation="C")
    with pytest.raises(TypeError, match="observation must be a name or a whole number"):
        load_run(tmp_path, n_relu=2, observation=1.5)


def test_what_torch_saves(tmp_path, networks):
    torch = pytest.importorskip("torch")
    models = sequence(networks["ShallowPLRNN"], 3)
    for i, model in enumerate(models):
        state = {name: torch.tensor(np.array(array)) for name, array in model.parameters.items()}
        torch.save({"state_dict": state, "loss": torch.tensor(0.5 - i / 8)}, tmp_path / f"e_{i}.pt")
    run = load_run(tmp_path)
    assert_holds(run, models)
    assert run.loss.tolist() == [0.5, 0.375]
    assert run.settings["final_loss"] == 0.25


@pytest.mark.parametrize("form", ["folder", "pattern", "list"])
def test_our_own_models_one_an_epoch(write, tmp_path, networks, form):
    models = sequence(networks["PLRNN"], 11)
    for i, model in enumerate(models):
        write(f"net_{i}.npz", npz_bytes(model))
    shuffled = [tmp_path / f"net_{i}.npz" for i in np.random.default_rng(0).permutation(11)]
    source = {"folder": tmp_path, "pattern": str(tmp_path / "net_*"), "list": shuffled}[form]
    run = load_run(source)
    assert_holds(run, models)
    expected = [np.linalg.norm(b["A"] - a["A"]) for a, b in pairwise(models)]
    np.testing.assert_allclose(run.step_length, expected, rtol=1e-12)
    assert run.names == ("A",)


def test_epochs_are_counted_from_the_first_network(write, tmp_path, networks):
    models = sequence(networks["PLRNN"], 4)
    for i, model in enumerate(models):
        write(f"net_{100 + 10 * i}.npz", npz_bytes(model))
    run = load_run(tmp_path)
    assert_holds(run, models, range(0, 31, 10))
    assert run.settings["first_epoch"] == 100
    # A loss of every epoch from 0 on is cut to those between the networks.
    run = load_run(tmp_path, loss=np.arange(130.0))
    assert np.array_equal(run.loss, np.arange(100.0, 130.0))


def test_matlab_files_one_an_epoch(write, tmp_path, networks):
    models = sequence(networks["ShallowPLRNN"], 3)
    for i, model in enumerate(models):
        buffer = io.BytesIO()
        savemat(buffer, {**model.parameters, "loss": 1.0 - 0.25 * i})
        write(f"{i}.mat", buffer.getvalue())
    run = load_run(tmp_path)
    assert_holds(run, models)
    assert run.loss.tolist() == [1.0, 0.75]


def test_folders_of_npy_files(tmp_path, networks):
    models = sequence(networks["PLRNN"], 3)
    for i, model in enumerate(models):
        folder = tmp_path / "run" / f"epoch_{i}"
        folder.mkdir(parents=True)
        for name, array in model.parameters.items():
            np.save(folder / f"{name}.npy", array)
    assert_holds(load_run(tmp_path / "run", architecture="PLRNN"), models)
    np.save(tmp_path / "run" / "epoch_1" / "W.npy", np.array([None]), allow_pickle=True)
    with pytest.raises(ModelFileError, match=r"^epoch_1/W\.npy: .*never unpickled"):
        load_run(tmp_path / "run", architecture="PLRNN")


def test_one_folder_of_npy_files(tmp_path, networks):
    models = sequence(networks["PLRNN"], 5)
    for name in ("A", "W", "h"):
        np.save(tmp_path / f"{name}.npy", np.stack([model[name] for model in models]))
    np.save(tmp_path / "loss.npy", np.arange(5.0))
    run = load_run(tmp_path, architecture="PLRNN")
    assert_holds(run, models)
    assert run.loss.tolist() == [0, 1, 2, 3]


def test_the_same_name_in_many_folders(tmp_path, networks):
    models = sequence(networks["PLRNN"], 3)
    for i, model in enumerate(models):
        (tmp_path / f"step{i}").mkdir()
        sw.save_model(model, tmp_path / f"step{i}" / "net.npz")
    assert_holds(load_run(tmp_path / "step*" / "net.npz"), models)
    (tmp_path / "step1" / "net.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelFileError, match=r"^step1/net\.npz: the file is damaged"):
        load_run(tmp_path / "step*" / "net.npz")


# What does not belong together --------------------------------------------------------------------


@pytest.fixture
def epochs(write, tmp_path, networks):
    """Return a folder of six networks, and a function that puts another file among them."""
    for i, model in enumerate(sequence(networks["PLRNN"], 6)):
        write(f"net_{i}.npz", npz_bytes(model))
    return tmp_path


def test_missing_epoch(epochs):
    (epochs / "net_3.npz").unlink()
    with pytest.raises(ModelFileError, match=r"^net_4\.npz: epoch 3 missing after net_2\.npz"):
        load_run(epochs)
    run = load_run(epochs, gaps=True)
    assert run.saved_epochs.tolist() == [0, 1, 2, 4, 5]
    assert np.isnan(run.step_length).tolist() == [False, False, True, True, False]


def test_epoch_twice(epochs, write, networks):
    write("net_02.npz", npz_bytes(networks["PLRNN"]))
    with pytest.raises(ModelFileError, match=r"net_0?2\.npz and net_0?2\.npz are both of epoch 2"):
        load_run(epochs, gaps=True)


def test_mixed_architectures(epochs, write, networks):
    write("net_4.npz", npz_bytes(networks["DendriticPLRNN"]))
    message = r"^net_4\.npz: it holds a DendriticPLRNN, and net_0\.npz a PLRNN"
    with pytest.raises(ModelFileError, match=message):
        load_run(epochs)


def test_mixed_options(write, tmp_path, networks):
    model = networks["AlmostLinearRNN"]
    write("net_0.npz", npz_bytes(model))
    write("net_1.npz", npz_bytes(sw.AlmostLinearRNN(**model.parameters, n_relu=1)))
    with pytest.raises(ModelFileError, match=r"^net_1\.npz: .*'n_relu': 1.*net_0\.npz.*: 2"):
        load_run(tmp_path)


def test_mixed_shapes(epochs, write):
    write("net_5.npz", npz_bytes(sw.PLRNN(np.ones(2), np.ones((2, 2)), np.ones(2))))
    message = r"^net_5\.npz: A has shape \(2,\), and in net_0\.npz \(3,\)"
    with pytest.raises(ModelFileError, match=message):
        load_run(epochs)


def test_mixed_forms_of_A_are_told(epochs, write, networks):
    full = np.diag(np.array(networks["PLRNN"]["A"]))
    write("net_5.npz", npz_bytes(sw.PLRNN(full, networks["PLRNN"]["W"], networks["PLRNN"]["h"])))
    with pytest.raises(ModelFileError, match=r"^net_5\.npz: A has shape \(3, 3\)"):
        load_run(epochs)


def test_damaged_file_among_good_ones(epochs):
    whole = (epochs / "net_2.npz").read_bytes()
    (epochs / "net_2.npz").write_bytes(whole[:200])
    with pytest.raises(ModelFileError, match=r"^net_2\.npz: the file is damaged or truncated"):
        load_run(epochs)


def test_readouts_of_different_shapes(write, tmp_path, torch_format, networks):
    model = networks["AlmostLinearRNN"]
    for i in range(2):
        held = {**model.parameters, "B": np.ones((2 + i, 3))}
        write(f"{i}.pt", torch_format.file(held))
    with pytest.raises(ModelFileError, match=r"^1\.pt: the readout B has shape \(3, 3\)"):
        load_run(tmp_path, n_relu=2, observation="B")


def test_trials_are_of_one_file(epochs):
    with pytest.raises(ValueError, match="trials_as_epochs belongs to one MATLAB file"):
        load_run(epochs, trials_as_epochs=True)


def test_file_of_many_networks_among_several(write, tmp_path, networks):
    for i in range(2):
        buffer = io.BytesIO()
        model = networks["PLRNN"]
        np.savez(buffer, **{name: np.stack([model[name]] * 2) for name in ("A", "W", "h")})
        write(f"{i}.npz", buffer.getvalue())
    with pytest.raises(ModelFileError, match=r"^0\.npz: the file holds 2 networks"):
        load_run(tmp_path, architecture="PLRNN")


# Runs of other code: one file of all epochs -------------------------------------------------------


def test_checkpoints_of_scyfi(write, jld2_bytes):
    rng = np.random.default_rng(8)
    E, M = 6, 2
    A, W, h = rng.normal(size=(E, M)), rng.normal(size=(E, M, M)), rng.normal(size=(E, M))
    lists = {"A": [*A], "W": [*W], "h": [*h], "Loss": [np.float64(x) for x in range(E)]}
    run = load_run(write("checkpoints.jld2", jld2_bytes(lists)), architecture="PLRNN")
    assert_holds(run, [sw.PLRNN(*each) for each in zip(A, W, h, strict=True)])
    assert run.loss.tolist() == [0, 1, 2, 3, 4]
    assert run.settings["final_loss"] == 5
    # As the code base reads network n: z' = diag(A[n]) z + W[n] relu(z) + h[n].
    z = np.array([0.4, -0.3])
    expected = np.diag(A[3]) @ z + W[3] @ np.maximum(z, 0) + h[3]
    np.testing.assert_allclose(run.model(3).step(z), expected, rtol=1e-14)


@pytest.mark.parametrize("format", ["npz", "h5"])
@pytest.mark.parametrize(
    "name", ["PLRNN", "ShallowPLRNN", "ClippedShallowPLRNN", "DendriticPLRNN", "AlmostLinearRNN"]
)
def test_stacked_arrays(write, hdf5_bytes, networks, name, format):
    models = sequence(networks[name], 5)
    stacked = {key: np.stack([model[key] for model in models]) for key in networks[name].parameters}
    values = stacked | dict(networks[name].options) | {"loss": np.arange(5.0), "architecture": name}
    buffer = io.BytesIO()
    np.savez(buffer, **values)
    contents = buffer.getvalue() if format == "npz" else hdf5_bytes(values)
    path = write(f"run.{format}", contents)
    run = load_run(path)
    assert_holds(run, models)
    assert run.loss.tolist() == [0, 1, 2, 3]
    assert sw.load_model(path, epoch=3) == models[3]
    assert load_run(path, epochs=[0, 10, 20, 30, 40]).saved_epochs[-1] == 40


@pytest.mark.parametrize("changing", ["A", "W", "h"])
def test_parameters_that_never_change(write, networks, changing):
    model = networks["PLRNN"]
    rows = np.stack([model[changing] * i for i in range(4)])
    buffer = io.BytesIO()
    np.savez(buffer, **(dict(model.parameters) | {changing: rows}))
    run = load_run(write("run.npz", buffer.getvalue()), architecture="PLRNN")
    assert_holds(run, [model.replace({changing: row}) for row in rows])


def test_full_A_is_not_taken_for_many_diagonals(write, networks):
    model = networks["PLRNN"]
    full = np.arange(9.0).reshape(3, 3)
    buffer = io.BytesIO()
    np.savez(buffer, A=full, W=np.stack([model["W"]] * 5), h=model["h"])
    run = load_run(write("run.npz", buffer.getvalue()))
    assert run.model(2) == sw.PLRNN(full, model["W"], model["h"])


def test_a_network_of_a_stack_that_is_wrong_is_named(write, networks):
    model = networks["PLRNN"]
    W = np.stack([np.array(model["W"])] * 4)
    W[2, 1, 0] = np.nan
    buffer = io.BytesIO()
    np.savez(buffer, A=model["A"], W=W, h=model["h"])
    with pytest.raises(ModelFileError, match=r"^run\.npz, network 2: W must be finite.*W\[1,0\]"):
        load_run(write("run.npz", buffer.getvalue()), architecture="PLRNN")


def trials(T=4, M=2, H=3) -> dict:
    rng = np.random.default_rng(1)
    return {
        "A": np.diag(rng.normal(size=M)),
        "W1": rng.normal(size=(T, H, M)),
        "W2": rng.normal(size=(T, M, H)),
        "h1": rng.normal(size=(1, H)),
        "h2": rng.normal(size=(1, M)),
    }


def test_trials_as_epochs(write):
    held = trials()
    buffer = io.BytesIO()
    savemat(buffer, held | {"Loss": np.arange(4.0)})
    path = write("trials.mat", buffer.getvalue())
    with pytest.raises(ModelFileError, match=r"4 trials .* pass trials_as_epochs=True"):
        load_run(path)
    run = load_run(path, trials_as_epochs=True)
    assert_holds(run, [sw.load_model(path, trial=i) for i in range(4)])
    assert run.loss.tolist() == [0, 1, 2]
    buffer = io.BytesIO()
    np.savez(buffer, A=np.ones((4, 2)), W=np.ones((4, 2, 2)), h=np.ones((4, 2)))
    with pytest.raises(ModelFileError, match="only MATLAB files hold trials"):
        load_run(write("run.npz", buffer.getvalue()), trials_as_epochs=True)


def test_published_trials_as_epochs(reference):
    path = reference("shplrnn_trials_single_stable.mat")
    run = load_run(path, trials_as_epochs=True)
    assert run.epochs == 149
    assert all(run.model(i) == sw.load_model(path, trial=i) for i in (0, 77, 149))
    assert {name: rows.shape for name, rows in run.parameters.items()}["W1"] == (150, 3, 8)


def test_published_almost_linear_network_as_epochs(reference, tmp_path):
    published = reference("alrnn_lorenz_m20_p2.pt").read_bytes()
    for epoch in (1, 2, 10):
        (tmp_path / f"alrnn_lorenz_m20_epoch{epoch}.pt").write_bytes(published)
    run = load_run(tmp_path, n_relu=2, observation="B")
    assert run.saved_epochs.tolist() == [0, 1, 9]
    assert run.final == sw.load_model(reference("alrnn_lorenz_m20_p2.pt"), n_relu=2)
    assert run.observation.B.shape == (3, 20)
    assert run.step_length[0] == 0


# Arguments --------------------------------------------------------------------------------------


def test_epochs_given_for_names_without_numbers(write, tmp_path, networks):
    models = sequence(networks["PLRNN"], 3)
    names = ["start.npz", "middle.npz", "end.npz"]
    paths = [write(name, npz_bytes(model)) for name, model in zip(names, models, strict=True)]
    assert_holds(load_run(paths), models)
    assert_holds(load_run(paths, epochs=[0, 10, 15]), models, [0, 10, 15])
    assert_holds(load_run(paths[::-1], epochs=[15, 10, 0]), models, [0, 10, 15])
    with pytest.raises(ModelFileError, match=r"^end\.npz: its name has no number"):
        load_run(tmp_path)
    for wrong in ([0, 1], [0, 1, -2], [0.0, 1.0, 2.0], [[0, 1, 2]], ["a", "b", "c"]):
        with pytest.raises(ValueError, match="epochs must be 3 whole numbers from 0"):
            load_run(paths, epochs=wrong)


def test_loss_given(epochs, networks):
    assert load_run(epochs, loss=np.arange(6)).loss.tolist() == [0, 1, 2, 3, 4]
    run = load_run(epochs, loss=[5.0, np.nan, 3, 2, np.inf])
    assert np.array_equal(run.loss, [5, np.nan, 3, 2, np.inf], equal_nan=True)
    table = epochs / "loss.csv"
    table.write_text("epoch,loss\n0,0.5\n2,0.25\n9,0.1\n")
    run = load_run(epochs, loss=table)
    assert np.array_equal(run.loss, [0.5, np.nan, 0.25, np.nan, np.nan], equal_nan=True)
    with pytest.raises(ValueError, match="each of the 6 networks, or for each of the 5 epochs"):
        load_run(epochs, loss=[1.0, 2.0])


def test_loss_of_the_files_that_fits_nothing(write):
    buffer = io.BytesIO()
    np.savez(buffer, A=np.ones((4, 2)), W=np.ones((4, 2, 2)), h=np.ones((4, 2)), loss=np.ones(99))
    path = write("run.npz", buffer.getvalue())
    with pytest.raises(ModelFileError, match=r"^run\.npz, network 0: loss must .*got 99; pass"):
        load_run(path, architecture="PLRNN")
    run = load_run(path, architecture="PLRNN", loss=[1.0, 2.0, 3.0])
    assert run.loss.tolist() == [1, 2, 3]


def test_sources_that_are_not_there(tmp_path):
    for source in (tmp_path / "no.npz", str(tmp_path / "no*.npz"), [tmp_path / "no.npz"]):
        with pytest.raises(FileNotFoundError, match=r"no\*?\.npz"):
            load_run(source)
    with pytest.raises(ModelFileError, match="the folder holds no file that can be read"):
        load_run(tmp_path)
    with pytest.raises(ModelFileError, match="the list of files is empty"):
        load_run([])
    with pytest.raises(TypeError, match="source must be a path, a pattern or a list"):
        load_run(3)
