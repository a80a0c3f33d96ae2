from __future__ import annotations

import contextlib
import io
import json
import os
from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.automatic import deepened
from scyfi_widgets.cycles.continuum import Continuum
from scyfi_widgets.cycles.proof.certificate import (
    CLOSED,
    THIN,
    WORD,
    Certificate,
    CycleTree,
    PrefixTree,
)
from scyfi_widgets.cycles.proof.verify import verify
from scyfi_widgets.cycles.solving.solve import cycles_of_words
from scyfi_widgets.files import ModelFileError
from scyfi_widgets.files.cycles import load_cycles, save_cycles

TREES = (
    CycleTree(1, 2, [0, CLOSED, 3, WORD, WORD], [[0b11000000]], [2], [1.0, 0.1], [0.0]),
    PrefixTree(
        2,
        2,
        [0, CLOSED, THIN],
        [[0, -1, -1], [0, 1, 5]],
        [[1.0, 0.0, 0.0], [0.1, 0.2, 1.0]],
        [1.0, -0.0],
        [0.0, 1e-9],
    ),
)


@pytest.fixture(scope="module")
def cycles() -> sw.CycleSet:
    """A set in which every field holds something."""
    model = sw.PLRNN([1.3, 1.2], [[-2.8, -0.2], [1.0, -3.2]], [0.7, 1.3])
    words = np.array(list(product((0, 1), repeat=6)), bool).reshape(-1, 3, 2)
    found = tuple({cycle.key: cycle for cycle in cycles_of_words(model.relu_form, words)}.values())
    continuum = Continuum(np.array([[0.1, 0.2]]), np.array([[True, False]]), np.eye(2))
    return sw.CycleSet(
        found,
        max_order=4,
        complete_up_to=2,
        searched_up_to=3,
        method="test",
        seed=2**70,
        stopped="the time limit of 0.5 s was reached, β",
        seconds=0.1 + 0.2,
        continua=(continuum, continuum),
        certificate=Certificate(TREES, "ab12", np.nextafter(1e6, 0), 4),
    )


def assert_same(loaded, saved):
    """Assert that two values agree in type and to the last bit, and all that they hold."""
    assert type(loaded) is type(saved)
    if isinstance(saved, np.ndarray):
        assert loaded.dtype == saved.dtype
        assert loaded.shape == saved.shape
        assert loaded.tobytes() == saved.tobytes()
    elif isinstance(saved, tuple):
        assert len(loaded) == len(saved)
        for one, other in zip(loaded, saved, strict=True):
            assert_same(one, other)
    elif hasattr(saved, "__dataclass_fields__"):
        for field in fields(saved):
            assert_same(getattr(loaded, field.name), getattr(saved, field.name))
    else:
        assert loaded == saved or (loaded != loaded and saved != saved)


def test_round_trip_keeps_every_bit(tmp_path, cycles):
    assert len(cycles) > 5
    save_cycles(cycles, tmp_path / "cycles.npz")
    loaded = load_cycles(tmp_path / "cycles.npz")
    assert_same(loaded, cycles)
    assert loaded == cycles


@pytest.mark.parametrize(
    "changes",
    [
        {"cycles": (), "continua": (), "certificate": None, "seed": None, "stopped": None},
        {"continua": ()},
        {"certificate": Certificate((), "", np.inf, 1)},
        {"certificate": Certificate(TREES[1:], "", 0.0, 1)},
    ],
)
def test_round_trip_of_sets_that_lack_something(tmp_path, cycles, changes):
    some = replace(cycles, **changes)
    save_cycles(some, tmp_path / "cycles.npz")
    assert_same(load_cycles(tmp_path / "cycles.npz"), some)


def test_round_trip_of_the_oddest_numbers(tmp_path, cycles):
    odd = np.array([[-0.0, 5e-324], [np.finfo(float).max, np.nextafter(1.0, 2.0)]])
    cycle = replace(
        cycles[0],
        points=odd,
        word=np.zeros((2, 2), bool),
        eigenvalues=np.array([complex(np.inf, -0.0), complex(-0.0, 1e-320)]),
        residual=5e-324,
        margin=np.inf,
    )
    some = replace(cycles, cycles=(cycle, *cycles.cycles), seconds=5e-324)
    save_cycles(some, tmp_path / "cycles.npz")
    assert_same(load_cycles(tmp_path / "cycles.npz"), some)


LEARNT = sw.AlmostLinearRNN(
    [0.3, 0.3, 0.7],
    [[0.9, -0.5, -0.2], [0.3, 0.2, 0.4], [-0.4, -0.6, -3.2]],
    [1.5, -0.1, 0.2],
    n_relu=1,
)
TWO_STATES = sw.PLRNN([1.3, 1.2], [[-2.8, -0.2], [1.0, -3.2]], [0.7, 1.3])
LINE = sw.PLRNN([1.0, 0.5, 0.3], [[-1.5, 0, 0], [0, 0, 0], [0, 0, 0]], [0.0, 0.1, 0.1])


@pytest.mark.parametrize("model", [LEARNT, TWO_STATES, LINE], ids=["branching", "polygons", "line"])
@pytest.mark.parametrize(
    ("method", "limits", "proved_to"),
    [
        ("complete", {}, 6),
        ("complete", {"node_limit": 30}, None),
        ("auto", {"seed": 5}, 6),
        ("auto", {"node_limit": 30, "seed": 5}, None),
        ("search", {"seed": 5}, 0),
    ],
)
def test_a_proof_can_be_checked_by_someone_else(tmp_path, model, method, limits, proved_to):
    found = sw.find_cycles(model, 6, method=method, **limits)
    if proved_to is not None:
        assert found.complete_up_to == proved_to
    assert len(found.continua) == (model is LINE and found.complete_up_to > 0)
    save_cycles(found, tmp_path / "cycles.npz")
    loaded = load_cycles(tmp_path / "cycles.npz")
    assert_same(loaded, found)
    assert loaded.statement == found.statement
    verification = verify(model, loaded)
    assert verification.ok, verification.reasons
    assert verification.complete_up_to == found.complete_up_to
    assert verification.radius == found.radius or not found.complete_up_to


def test_a_grown_proof_is_saved_like_any_other(tmp_path):
    first = sw.find_cycles(LEARNT, 4, method="search")
    for grown in deepened(LEARNT, first, cancel=new_flag()):
        save_cycles(grown, tmp_path / "cycles.npz")
        loaded = load_cycles(tmp_path / "cycles.npz")
        assert_same(loaded, grown)
        verification = verify(LEARNT, loaded)
        assert verification.ok, verification.reasons
    assert loaded.complete_up_to == 4


@pytest.mark.parametrize("model", [LEARNT, TWO_STATES], ids=["branching", "polygons"])
def test_a_saved_set_without_one_of_its_cycles_is_rejected(tmp_path, model):
    found = sw.find_cycles(model, 4, method="complete")
    save_cycles(replace(found, cycles=found.cycles[1:]), tmp_path / "cycles.npz")
    assert not verify(model, load_cycles(tmp_path / "cycles.npz")).ok
    save_cycles(found, tmp_path / "cycles.npz")
    other = model.replace({"h": model["h"] + 1e-12})
    assert not verify(other, load_cycles(tmp_path / "cycles.npz")).ok


def test_files_are_small(tmp_path, cycles):
    many = np.repeat(cycles.certificate.trees[1].constraints, 5000, axis=0)
    tree = replace(TREES[1], constraints=many, weights=np.ones(many.shape))
    big = replace(cycles, certificate=replace(cycles.certificate, trees=(tree,)))
    save_cycles(big, tmp_path / "cycles.npz")
    assert (tmp_path / "cycles.npz").stat().st_size < 20_000


def test_what_cannot_be_saved(tmp_path, cycles):
    with pytest.raises(TypeError, match="cycles must be a CycleSet, got list"):
        save_cycles([], tmp_path / "cycles.npz")
    with pytest.raises(ValueError, match=r"path must end in \.npz, got 'cycles'"):
        save_cycles(cycles, tmp_path / "cycles")
    with pytest.raises(FileNotFoundError):
        save_cycles(cycles, tmp_path / "nowhere" / "cycles.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_earlier_file_whole(tmp_path, cycles, monkeypatch):
    path = tmp_path / "cycles.npz"
    save_cycles(cycles, path)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_cycles(replace(cycles, seed=1), path)
    monkeypatch.undo()
    assert load_cycles(path) == cycles
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_are_something_else(tmp_path, cycles, networks):
    with pytest.raises(FileNotFoundError):
        load_cycles(tmp_path / "none.npz")
    sw.save_model(networks["PLRNN"], tmp_path / "net.npz")
    with pytest.raises(ModelFileError, match=r"net\.npz: this is no file of save_cycles"):
        load_cycles(tmp_path / "net.npz")
    save_cycles(cycles, tmp_path / "cycles.npz")
    with pytest.raises(ModelFileError):
        sw.load_model(tmp_path / "cycles.npz")
    (tmp_path / "text.npz").write_text("cycles")
    with pytest.raises(ModelFileError, match=r"text\.npz: this is no \.npz file of save_cycles"):
        load_cycles(tmp_path / "text.npz")


def changed(path, **changes) -> None:
    """Write the arrays of a file again with some of them changed, None: left out."""
    with np.load(path, allow_pickle=False) as held:
        arrays = {**held, **changes}
    buffer = io.BytesIO()
    np.savez(buffer, **{name: array for name, array in arrays.items() if array is not None})
    path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": np.array("x")}, "this is no file of save_cycles"),
        ({"format": None}, "this is no file of save_cycles"),
        ({"version": np.array(2)}, "written as version 2; this scyfi_widgets reads version 1"),
        ({"version": np.array("1")}, "'version', a whole number, is missing"),
        ({"settings": None}, "damaged or truncated"),
        ({"settings": np.array("{")}, "damaged or truncated"),
        ({"settings": np.array("[1]")}, "damaged or truncated"),
        ({"cycles.points": None}, "damaged or truncated"),
        ({"cycles.points": np.zeros(3)}, "cycles.points holds 3 values, its shapes need"),
        ({"cycles.points": np.zeros((3, 2))}, "cycles.points must be one row of values"),
        ({"cycles.points.shape": np.zeros(3)}, "cycles.points.shape must hold"),
        ({"cycles.margin": np.zeros(3)}, "cycles.margin holds 3 values for"),
        ({"cycles.margin": np.array([{}])}, "Python objects, which are never unpickled"),
        ({"tree0.splits": np.array([99])}, "splits must be between"),
        ({"tree1.weights": None}, "damaged or truncated"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, cycles, changes, message):
    path = tmp_path / "cycles.npz"
    save_cycles(cycles, path)
    changed(path, **changes)
    with pytest.raises(ModelFileError, match=message) as error:
        load_cycles(path)
    assert str(error.value).startswith("cycles.npz: ")


@pytest.mark.parametrize(
    "name", ["max_order", "complete_up_to", "method", "seconds", "stopped", "cycles", "continua"]
)
def test_settings_must_be_of_their_kind(tmp_path, cycles, name):
    path = tmp_path / "cycles.npz"
    save_cycles(cycles, path)
    with np.load(path) as held:
        settings = json.loads(str(held["settings"]))
    settings[name] = [1]
    changed(path, settings=np.array(json.dumps(settings)))
    with pytest.raises(ModelFileError, match=f"its settings hold no valid {name}"):
        load_cycles(path)


def test_damaged_bytes_never_leak_another_exception(tmp_path, cycles):
    path = tmp_path / "cycles.npz"
    save_cycles(cycles, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            load_cycles(path)
    for place in range(0, len(whole), 31):
        broken = bytearray(whole)
        broken[place] ^= 0x55
        path.write_bytes(broken)
        with contextlib.suppress(ModelFileError):
            load_cycles(path)
