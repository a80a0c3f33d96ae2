"""The public networks of the reference data, against their published fixed points."""

import csv

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.files import read_arrays


@pytest.fixture(scope="module")
def lorenz(reference):
    return sw.load_model(reference("alrnn_lorenz_m20_p2.pt"), n_relu=2)


# Region of the two rectified units: the first three coordinates, and the largest modulus.
LORENZ_FIXED_POINTS = {
    (0, 0): ((0.196, 0.136, 6.735), 1.0782),
    (0, 1): ((1.0177, 0.9225, 0.1862), 1.00234),
    (1, 0): ((-0.818, -0.7575, 0.1515), 1.00088),
    (1, 1): ((0.0914, 0.0842, -1.6353), 1.0907),
}


@pytest.mark.parametrize("bits", LORENZ_FIXED_POINTS)
def test_fixed_points_of_the_lorenz_network(lorenz, bits):
    A, W1, W2, h1, h2 = lorenz.relu_form
    J = A + W1 @ np.diag(bits) @ W2
    z = np.linalg.solve(np.eye(20) - J, h1 + W1 @ (np.array(bits) * h2))
    assert tuple(lorenz.region(z).astype(int)) == bits
    np.testing.assert_allclose(lorenz.step(z), z, atol=1e-13)
    # The network observes its first three units; the matrix B of the file was not trained.
    observed, modulus = LORENZ_FIXED_POINTS[bits]
    np.testing.assert_allclose(z[:3], observed, atol=6e-4)
    assert max(abs(np.linalg.eigvals(J))) == pytest.approx(modulus, abs=6e-5)


def test_orbit_of_the_lorenz_network_visits_three_of_four_regions(lorenz):
    orbit = lorenz.orbit(np.full(20, 0.1), 20_000)[1000:]
    assert np.abs(orbit).max() < 10
    assert len(np.unique(lorenz.region(orbit), axis=0)) == 3


def test_arrays_of_the_lorenz_file(reference):
    path = reference("alrnn_lorenz_m20_p2.pt")
    arrays = read_arrays(path)
    assert {name: array.shape for name, array in arrays.items()} == {
        "A": (20,),
        "W": (20, 20),
        "h": (20,),
        "B": (3, 20),
    }
    torch = pytest.importorskip("torch")
    tensors = torch.load(path, weights_only=True)
    assert all(np.array_equal(arrays[name], tensors[name].numpy()) for name in arrays)


def test_all_trials_have_their_published_fixed_points(reference):
    path = reference("shplrnn_trials_single_stable.mat")
    table = reference("shplrnn_trials_single_stable_fixed_points.csv")
    with open(table, newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {int(row["trial"]) for row in rows} == set(range(1, 151))
    for row in rows:
        model = sw.load_model(path, trial=int(row["trial"]) - 1)  # the table counts from 1
        assert type(model) is sw.ShallowPLRNN
        z = np.array([float(row[f"z{i}"]) for i in (1, 2, 3)])
        np.testing.assert_allclose(model.step(z), z, rtol=1e-12)
        assert "".join("01"[int(bit)] for bit in model.region(z)) == row["region"]
        modulus = max(abs(np.linalg.eigvals(model.jacobian(z))))
        assert modulus == pytest.approx(float(row["max_abs_eig"]), rel=1e-9)


@pytest.mark.parametrize("method", ["complete", "auto"])
def test_no_trial_has_another_fixed_point(reference, method):
    path = reference("shplrnn_trials_single_stable.mat")
    with open(reference("shplrnn_trials_single_stable_fixed_points.csv"), newline="") as stream:
        rows = list(csv.DictReader(stream))
    for trial in range(150):
        model = sw.load_model(path, trial=trial)
        cycles = sw.find_cycles(model, 1, method=method)
        published = {row["region"]: row for row in rows if int(row["trial"]) == trial + 1}
        assert cycles.complete_up_to == 1
        assert {cycle.word_text for cycle in cycles} == published.keys()
        for cycle in cycles:
            row = published[cycle.word_text]
            z = [float(row[f"z{i}"]) for i in (1, 2, 3)]
            np.testing.assert_allclose(cycle.points[0], z, rtol=1e-9)
            assert cycle.spectral_radius == pytest.approx(float(row["max_abs_eig"]), rel=1e-9)
        if trial % 10 == 0:
            verification = sw.verify(model, cycles)
            assert verification.ok, verification.reasons


@pytest.mark.parametrize("method", ["complete", "auto", "search"])
def test_the_four_fixed_points_of_the_lorenz_network(lorenz, method):
    cycles = sw.find_cycles(lorenz, 1, method=method)
    assert {tuple(cycle.word[0].astype(int)) for cycle in cycles} == LORENZ_FIXED_POINTS.keys()
    assert cycles.complete_up_to == (0 if method == "search" else 1)
    for cycle in cycles:
        observed, modulus = LORENZ_FIXED_POINTS[tuple(cycle.word[0].astype(int))]
        np.testing.assert_allclose(cycle.points[0, :3], observed, atol=6e-4)
        assert cycle.spectral_radius == pytest.approx(modulus, abs=6e-5)
