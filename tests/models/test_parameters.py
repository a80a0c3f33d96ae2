"""Parameters by name, replacing them, and being an immutable value."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw

kinds = pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)


@pytest.fixture
def model():
    return sw.PLRNN([0.5, -0.25], [[0.0, 1.5], [-2.0, 0.25]], [1.0, -1.0])


def test_names_in_row_order(model):
    assert model.parameter_names == (
        "A[0]", "A[1]", "W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "h[0]", "h[1]",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["W[0,1]", " W[0,1] ", "W[ 0 , 1 ]", "W [0,1]"])
def test_one_entry(model, name):
    assert model[name] == 1.5
    assert isinstance(model[name], float)
    assert model.replace({name: 7})["W"].tolist() == [[0.0, 7.0], [-2.0, 0.25]]


@kinds
def test_every_name_reads_and_replaces_its_own_entry(networks, kind):
    model = networks[kind][0]
    for name in model.parameter_names:
        changed = model.replace({name: 0.125})
        assert changed[name] == 0.125
        assert type(changed) is kind
        others = [other for other in model.parameter_names if other != name]
        assert all(changed[other] == model[other] for other in others)
    assert model == networks[kind][0]


@kinds
def test_replacing_is_making_anew(networks, kind):
    model, given = networks[kind]
    array = next(iter(given.values())) + 1
    name = next(iter(given))
    assert model.replace({name: array}) == kind(**given | {name: array})
    assert model.replace({}) == model


def test_several_at_once_the_later_over_the_earlier(model):
    changed = model.replace({"h": [5, 6], "h[1]": 7, "A[0]": -1})
    assert changed["h"].tolist() == [5.0, 7.0]
    assert changed["A"].tolist() == [-1.0, -0.25]


@pytest.mark.parametrize(
    "name",
    ["B", "B[0]", "W[2,0]", "W[0]", "W[0,0,0]", "h[-1]", "h[0.5]", "h[]", "h[a]", "h[0", "h[0 1]",
     "h[1,]", "n_relu", "", "W.T", 0, None, ("W", 0)],
)  # fmt: skip
def test_unknown_names(model, name):
    with pytest.raises(KeyError):
        model[name]
    with pytest.raises(KeyError):
        model.replace({name: 1.0})


def test_unknown_name_says_what_there_is(model):
    with pytest.raises(KeyError, match="there is no parameter 'B'; there are A, W, h"):
        model["B[0]"]
    with pytest.raises(KeyError, match=r"'W\[2,0\]' does not exist: W has shape \(2, 2\)"):
        model["W[2,0]"]
    with pytest.raises(KeyError, match=r"write it like 'A\[0\]'"):
        model["W.T"]


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("h[0]", np.nan, ValueError, r"h\[0\] must be finite, got nan$"),
        ("h[0]", np.inf, ValueError, "must be finite, got inf"),
        ("h[0]", None, TypeError, r"h\[0\] must hold numbers, got None"),
        ("h[0]", "1", TypeError, r"h\[0\] must hold numbers"),
        ("h[0]", 1j, TypeError, r"h\[0\] must be real"),
        ("h[0]", True, TypeError, r"h\[0\] must hold numbers"),
        ("h[0]", [1.0, 2.0], ValueError, "0-dimensional"),
        ("h", [1.0, np.nan], ValueError, r"h must be finite, got nan at h\[1\]"),
        ("h", [1.0], ValueError, r"h must have shape \(2,\) to match the model, got \(1,\)"),
        ("h", 1.0, ValueError, "h must be 1-dimensional"),
        ("A", [[1.0, 0.0], [0.0, 1.0]], ValueError, "A must be 1-dimensional"),
        ("W", [[1.0, 2.0], [3.0]], ValueError, "rows of different lengths"),
        ("W", None, TypeError, "W must hold numbers"),
    ],
)
def test_wrong_values(model, name, value, error, message):
    with pytest.raises(error, match=message):
        model.replace({name: value})


def test_all_arrays_of_another_size_are_another_model(model):
    with pytest.raises(ValueError, match="to match the model"):
        model.replace({"A": np.ones(3), "W": np.ones((3, 3)), "h": np.ones(3)})


# Immutable ------------------------------------------------------------------------------------


@kinds
def test_nothing_can_be_changed(networks, kind):
    model = networks[kind][0]
    for name in ("A", "relu_form", "M", "anything", "_arrays"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(model, name, 1)
        with pytest.raises(AttributeError, match="immutable"):
            delattr(model, name)
    for name, array in model.parameters.items():
        with pytest.raises(ValueError, match="read-only"):
            model[name][...] = 0
        with pytest.raises(TypeError):
            model.parameters[name] = array
    with pytest.raises(TypeError):
        model.options["n_relu"] = 1


@kinds
def test_arguments_are_copied(networks, kind):
    _, given = networks[kind]
    model = kind(**given)
    before = {name: model[name].copy() for name in model.parameters}
    for name, value in given.items():
        if name != "n_relu":
            value += 1
            assert value.flags.writeable
            assert np.array_equal(model[name], before[name])


def test_a_model_of_a_model_shares_nothing_that_can_change(model):
    assert not np.shares_memory(sw.PLRNN(**model.parameters)["W"], model["W"])


# A value --------------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_copies_are_equal(any_model, data):
    model = data.draw(any_model)
    model.relu_form  # noqa: B018 - the cached form must not hinder copying
    copies = [copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    copies.append(eval(model.to_code(), {"sw": sw}))
    for copied in copies:
        assert type(copied) is type(model)
        assert copied == model
        assert hash(copied) == hash(model)
        assert not copied["A"].flags.writeable
        assert dict(copied.options) == dict(model.options)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers=st.lists(finite, min_size=4, max_size=4))
@settings(max_examples=100, deadline=None)
def test_code_keeps_every_bit(numbers):
    model = sw.PLRNN(numbers[:1], [numbers[1:2]], numbers[2:3])
    again = eval(model.to_code(), {"sw": sw})
    assert all(again[name].tobytes() == model[name].tobytes() for name in model.parameters)


def test_code_under_another_module_name(model):
    assert eval(model.to_code(module="scyfi"), {"scyfi": sw}) == model


def test_equal_models_hash_alike(model):
    zero = sw.PLRNN([0.0], [[0.0]], [0.0])
    minus = sw.PLRNN([-0.0], [[-0.0]], [-0.0])
    assert zero == minus
    assert hash(zero) == hash(minus)
    assert len({model, model.replace({}), model.replace({"h[0]": 9})}) == 2


def test_other_architectures_shapes_and_options_differ(model):
    A, W, h = (model[name] for name in ("A", "W", "h"))
    others = [
        sw.AlmostLinearRNN(A, W, h, 1),
        sw.AlmostLinearRNN(A, W, h, 2),
        sw.PLRNN(np.diag(A), W, h),
        model.replace({"A[0]": 0.75}),
    ]
    for i, one in enumerate([model, *others]):
        for j, two in enumerate([model, *others]):
            assert (one == two) == (i == j)
    assert model != "a model"
    assert model != None  # noqa: E711


def test_repr_is_short_and_tells(model):
    assert repr(model) == "<PLRNN M=2, H=2: A (2,), W (2, 2), h (2,)>"
    assert "n_relu=1" in repr(sw.AlmostLinearRNN([0.0], [[1.0]], [1.0], 1))
