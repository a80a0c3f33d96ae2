import numpy as np
import pytest

import scyfi_widgets as sw

kinds = pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
ARRAYS = [
    (kind, name)
    for kind, names in {
        sw.PLRNN: ("A", "W", "h"),
        sw.ShallowPLRNN: ("A", "W1", "W2", "h1", "h2"),
        sw.ClippedShallowPLRNN: ("A", "W1", "W2", "h1", "h2"),
        sw.DendriticPLRNN: ("A", "W", "h", "alpha", "theta"),
        sw.AlmostLinearRNN: ("A", "W", "h"),
    }.items()
    for name in names
]
arrays = pytest.mark.parametrize(("kind", "name"), ARRAYS)


def spoilt(array, value):
    array = array.astype(np.result_type(array, type(value)))
    array[(-1,) * array.ndim] = value
    return array


@arrays
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda a: spoilt(a, np.nan), ValueError, "must be finite, got nan at {name}["),
        (lambda a: spoilt(a, np.inf), ValueError, "must be finite, got inf at {name}["),
        (lambda a: spoilt(a, -np.inf), ValueError, "must be finite, got -inf at {name}["),
        (lambda a: a + 0j, TypeError, "must be real, got complex128 values"),
        (lambda a: a.astype(str), TypeError, "must hold numbers, got <U"),
        (lambda a: a.astype(object), TypeError, "must hold numbers, got object values"),
        (lambda a: a > 0, TypeError, "must hold numbers, got bool values"),
        (lambda a: None, TypeError, "must hold numbers, got None"),
        (lambda a: "0.5", TypeError, "must hold numbers"),
        (lambda a: {}, TypeError, "must hold numbers"),
        (lambda a: a[:0], ValueError, "must not be empty, got shape (0"),
        (lambda a: [], ValueError, "must "),
        (lambda a: a[None, None], ValueError, "-dimensional, got shape (1, 1"),
        (lambda a: 0.5, ValueError, "-dimensional, got shape ()"),
        (lambda a: [[1.0], [1.0, 2.0]], ValueError, "must be an array, got rows of different"),
    ],
)  # fmt: skip
def test_wrong_arrays_are_named(networks, kind, name, spoil, error, message):
    _, given = networks[kind]
    with pytest.raises(error) as caught:
        kind(**given | {name: spoil(given[name])})
    assert str(caught.value).startswith(f"{name} must")
    assert message.format(name=name) in str(caught.value)


@arrays
def test_a_wrong_length_says_what_it_should_match(networks, kind, name):
    _, given = networks[kind]
    with pytest.raises(ValueError, match=r"must have shape \(.*\) .*to match .*, got \("):
        kind(**given | {name: np.concatenate([given[name], given[name]])})


@kinds
def test_no_unit_at_all(kind, networks):
    _, given = networks[kind]
    nothing = {
        name: np.empty((0,) * np.ndim(value)) if name != "n_relu" else value
        for name, value in given.items()
    }
    with pytest.raises(ValueError, match="must not be empty"):
        kind(**nothing)


@pytest.mark.parametrize(
    ("n_relu", "error", "message"),
    [
        (0, ValueError, "n_relu must be between 1 and 3, got 0"),
        (-1, ValueError, "n_relu must be between 1 and 3, got -1"),
        (4, ValueError, "n_relu must be between 1 and 3, got 4"),
        (2.0, TypeError, r"n_relu must be a whole number, got 2\.0"),
        ("2", TypeError, "n_relu must be a whole number, got '2'"),
        (None, TypeError, "n_relu must be a whole number, got None"),
        (True, TypeError, "n_relu must be a whole number, got True"),
        (np.bool_(True), TypeError, "n_relu must be a whole number"),
        (np.array([2]), TypeError, "n_relu must be a whole number"),
    ],
)
def test_number_of_rectified_units(networks, n_relu, error, message):
    _, given = networks[sw.AlmostLinearRNN]
    with pytest.raises(error, match=message):
        sw.AlmostLinearRNN(**given | {"n_relu": n_relu})


@pytest.mark.parametrize("n_relu", [1, 3, np.int8(2), np.uint64(2)])
def test_fitting_numbers_of_rectified_units(networks, n_relu):
    _, given = networks[sw.AlmostLinearRNN]
    model = sw.AlmostLinearRNN(**given | {"n_relu": n_relu})
    assert model.n_relu == n_relu
    assert type(model.n_relu) is int


def test_missing_and_unknown_arguments():
    with pytest.raises(TypeError):
        sw.PLRNN([1.0], [[1.0]])
    with pytest.raises(TypeError):
        sw.PLRNN([1.0], [[1.0]], [1.0], B=1)
    with pytest.raises(TypeError):
        sw.Model()


class TensorLike:
    """What NumPy sees of a tensor of another library."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype)


@kinds
@pytest.mark.parametrize(
    "convert",
    [
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.float16),
        lambda a: (8 * a).astype(np.int32),
        lambda a: (8 * np.abs(a)).astype(np.uint8),
        lambda a: a.tolist(),
        lambda a: tuple(a.tolist()),
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        lambda a: a.astype(">f4"),
        TensorLike,
    ],
    ids=["f4", "f2", "int", "uint", "lists", "tuple", "fortran", "strided", "swapped", "tensor"],
)
def test_any_real_input_computes_in_float64(networks, kind, convert):
    _, given = networks[kind]
    converted = {n: v if n == "n_relu" else convert(v) for n, v in given.items()}
    model = kind(**converted)
    assert all(
        array.dtype == np.float64 for array in (*model.parameters.values(), *model.relu_form)
    )
    for name in model.parameters:
        assert np.array_equal(model[name], np.asarray(converted[name], dtype=np.float64))
    assert model.step(np.zeros(3, np.float32)).dtype == np.float64
    assert model.orbit(np.zeros(3, np.int8), 2).dtype == np.float64


def test_torch_tensors(networks):
    torch = pytest.importorskip("torch")
    model, given = networks[sw.PLRNN]
    tensors = {name: torch.tensor(value) for name, value in given.items()}
    assert sw.PLRNN(**tensors) == model
    recording = {name: torch.nn.Parameter(tensor) for name, tensor in tensors.items()}
    with pytest.raises(TypeError, match=r"A cannot be read as an array: .*detach"):
        sw.PLRNN(**recording)
