"""An architecture is one file: the one that CONTRIBUTING shows, used as it says."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
W = np.array([[-1.6, 0.9], [0.7, 0.4]])
H = np.array([1.0, -0.3])
ALPHA = np.array([0.9, 0.6])


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    """Return the page's class, from a file that Python takes for one of the package's models."""
    [(name, code)] = re.findall(
        r"^```python (models/\w+\.py)\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    path = tmp_path_factory.mktemp("architecture") / Path(name).name
    path.write_text(code, encoding="utf-8")
    module_name = f"scyfi_widgets.models.{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    yield module.LeakyRNN
    del sys.modules[module_name]


@pytest.fixture
def network(leaky):
    return leaky(W, H, ALPHA)


def formula(z):
    return (1 - ALPHA) * z + ALPHA * np.maximum(W @ z + H, 0.0)


def test_it_steps_by_its_own_formula(network):
    for z in np.random.default_rng(0).normal(size=(20, 2)):
        np.testing.assert_allclose(network.step(z), formula(z), atol=1e-14)


def test_it_is_a_value_with_parameters_by_name(network, leaky):
    changed = network.replace({"alpha[1]": 0.5})
    assert changed["alpha[1]"] == 0.5
    assert changed != network == leaky(W, H, ALPHA)
    assert eval(network.to_code(), {"sw": type("names", (), {"LeakyRNN": leaky})}) == network


def test_its_errors_name_the_argument(leaky):
    with pytest.raises(ValueError, match=r"alpha must have shape \(2,\) to match h of length 2"):
        leaky(W, H, [0.5])


def test_its_cycles_are_found_and_proved(network):
    cycles = sw.find_cycles(network, max_order=8)
    assert cycles.complete_up_to == 8
    assert sw.verify(network, cycles).ok
    assert len(cycles) > 1
    for cycle in cycles:
        for here, there in zip(cycle.points, np.roll(cycle.points, -1, axis=0), strict=True):
            np.testing.assert_allclose(formula(here), there, atol=1e-9)


def test_its_bifurcations_are_where_cycles_change(network):
    diagram = sw.bifurcation_diagram(network, "alpha[0]", (0.2, 1.0), max_order=4)
    assert diagram.events
    for value in np.linspace(0.25, 0.95, 5):
        beside = sw.find_cycles(network.replace({"alpha[0]": value}), max_order=4)
        assert len(diagram.cycles_at(value)) == len(beside)


def test_training_says_what_it_lacks(network):
    with pytest.raises(TypeError, match=r"one of PLRNN, .* to be trained, got a LeakyRNN"):
        sw.train(network, np.zeros((20, network.M)), epochs=1)


def test_the_explorer_shows_it(network):
    explorer = sw.Explorer(network, max_order=4)
    try:
        explorer.wait()
        assert len(explorer.cycles) == len(sw.find_cycles(network, max_order=4))
        explorer.model = network.replace({"W[0,0]": -1.2})
        explorer.wait()
        assert explorer.model["W[0,0]"] == -1.2
        assert not explorer.message
    finally:
        explorer.close()
