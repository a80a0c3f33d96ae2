"""What is compared with the paper is what the paper and its public code give."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems

DATA = Path(__file__).parents[1] / "data"
# The largest |λ| of the two cycles, as the public test suite of SCYFI rounds them.
MODULI = {
    16: (0.519, 1.610),
    27: (0.693, 1.132),
    31: (0.610, 2.605),
    40: (0.573, 2.469),
    80: (0.356, 1.874),
}


def test_the_planar_networks_have_two_cycles_of_their_order_and_the_published_moduli():
    networks = systems.published_cycles()
    assert list(networks) == [10, 16, 27, 31, 40, 80]
    for order, expected in MODULI.items():
        cycles = sw.find_cycles(networks[order], order)
        assert cycles.complete_up_to == order
        found = [cycle.spectral_radius for cycle in cycles.of_order(order)]
        np.testing.assert_allclose(found, expected, atol=5.1e-4)


def test_the_network_of_ten_units_is_that_of_the_test_suite():
    cases = json.loads((DATA / "cycle_cases.json").read_text())["cases"]
    given = next(case for case in cases if case["name"] == "plrnn_10d_order10")["parameters"]
    network = systems.published_cycles()[10]
    for name, array in network.parameters.items():
        np.testing.assert_array_equal(array, given[name])


def test_the_random_networks_are_those_of_figure_S9():
    given = json.loads((DATA / "ten_random_plrnns.json").read_text())
    networks = systems.published_random_networks()
    assert len(networks) == len(given) == 10
    for network, expected in zip(networks, given, strict=True):
        for name, array in network.parameters.items():
            np.testing.assert_array_equal(array, expected[name])


def test_the_paths_are_those_of_figure_3():
    with (DATA / "published_training_paths.csv").open() as file:
        rows = list(csv.DictReader(file))
    for number, path in enumerate(systems.published_paths(), 1):
        given = [(float(r["x"]), float(r["y"])) for r in rows if r["path"] == str(number)]
        np.testing.assert_allclose(path, given, atol=6e-5)


def test_the_flip_is_between_epochs_206_and_207():
    flip = systems.published_flip()
    leading = dict(zip(flip.epochs.tolist(), flip.eigenvalues[:, 0], strict=True))
    assert leading[206] == pytest.approx(-0.998, abs=6e-4)
    assert leading[207] == pytest.approx(-1.005, abs=6e-4)
    loss = dict(zip(flip.loss_epochs.tolist(), flip.loss, strict=True))
    assert (round(loss[205], 3), round(loss[207], 3)) == (0.128, 0.105)
    assert (np.abs(flip.eigenvalues[:, 1:]) < 1.0).all()
    assert flip.z1.shape == flip.epochs.shape == (51,)
