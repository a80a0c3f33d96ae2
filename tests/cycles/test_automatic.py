"""The default method: a proof as far as it goes, a search above it, and a proof that grows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.automatic import deepened, merged
from scyfi_widgets.cycles.continuum import Continuum


def network(M: int, seed: int) -> sw.PLRNN:
    rng = np.random.default_rng(seed)
    return sw.PLRNN(rng.uniform(-1, 1, M), 1.5 * rng.normal(size=(M, M)), rng.normal(size=M))


def tent_map() -> sw.PLRNN:
    return sw.PLRNN(A=[2.0], W=[[-4.0]], h=[1.0])


MODELS = {"tent map": tent_map(), "M = 2": network(2, 12), "M = 3": network(3, 1)}
MODELS |= {"M = 4": network(4, 12)}
MODELS |= {"M = 3, H = 1": sw.AlmostLinearRNN([0.5, 0.4, 0.9], -2 * np.eye(3)[::-1], [1, -1, 1], 1)}
by_name = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


# The default --------------------------------------------------------------------------------------


@by_name
def test_within_its_effort_the_default_is_complete(model):
    cycles, complete = (sw.find_cycles(model, 5, method=m) for m in ("auto", "complete"))
    assert cycles.cycles == complete.cycles
    assert cycles.complete_up_to == cycles.searched_up_to == 5
    assert cycles.certificate == complete.certificate
    assert cycles.statement == complete.statement


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("name", ["M = 3", "M = 4"])
def test_above_its_effort_it_has_what_either_finds(name, seed):
    model = MODELS[name]
    whole = sw.find_cycles(model, 6, method="complete")
    cycles = sw.find_cycles(model, 6, node_limit=whole_orders(model, 3), seed=seed)
    searched = sw.find_cycles(model, 6, method="search", seed=seed)
    proved = cycles.complete_up_to
    assert 0 < proved < 6
    assert (cycles.searched_up_to, cycles.method, cycles.seed) == (6, "auto", seed)
    assert cycles.statement.startswith(f"proved to order {proved}, searched to 6")
    assert set(cycles) <= set(whole)
    for order in range(1, proved + 1):
        assert cycles.of_order(order) == whole.of_order(order)
    for order in range(proved + 1, 7):
        assert set(cycles.of_order(order)) >= set(searched.of_order(order)) - {None}
    verification = sw.verify(model, cycles)
    assert verification.ok, verification.reasons
    assert verification.complete_up_to == proved


def whole_orders(model: sw.Model, order: int) -> int:
    """Return a number of nodes that is enough for an order, and not for all orders to six."""
    nodes = 1
    while sw.find_cycles(model, 6, method="complete", node_limit=nodes).complete_up_to < order:
        nodes *= 2
    return nodes


def test_its_seed_is_its_searchs():
    model = network(7, 5)
    one, same, other = (
        sw.find_cycles(model, 8, node_limit=100, seed=seed) for seed in (1, 1, 2**60)
    )
    assert one.complete_up_to < 8
    assert [c.key for c in one] == [c.key for c in same]
    assert [c.points.tobytes() for c in one] == [c.points.tobytes() for c in same]
    assert one.complete_up_to == other.complete_up_to
    assert one.of_order(1) == other.of_order(1)


@by_name
def test_what_is_merged(model):
    proved = sw.find_cycles(model, 3, method="complete")
    searched = sw.find_cycles(model, 5, method="search", seed=4)
    line = Continuum(np.zeros((1, model.M)), np.zeros((1, model.H), bool), np.eye(model.M)[:, :1])
    both = merged(replace(proved, continua=(line,)), replace(searched, continua=(line,)), seconds=7)
    assert set(both) == set(proved) | set(searched)
    assert len(both) == len(set(both))
    assert [c.order for c in both] == sorted(c.order for c in both)
    assert (both.complete_up_to, both.searched_up_to, both.max_order) == (3, 5, 5)
    assert (both.seed, both.method, both.seconds) == (4, "auto", 7)
    assert both.certificate == proved.certificate
    assert both.continua == (line,)


# Growing ------------------------------------------------------------------------------------------


@by_name
@pytest.mark.parametrize("method", ["search", "complete", "auto"])
def test_the_proof_grows_order_by_order(model, method):
    max_order = 5
    complete = sw.find_cycles(model, max_order, method="complete")
    first = sw.find_cycles(model, max_order, method=method, node_limit=1, seed=6)
    before = (first.cycles, first.complete_up_to)
    grown = list(deepened(model, first, cancel=new_flag()))
    assert (first.cycles, first.complete_up_to) == before
    orders = [cycles.complete_up_to for cycles in grown]
    assert orders == list(range(first.complete_up_to + 1, max_order + 1))
    for cycles in grown:
        assert cycles.max_order == max_order
        assert set(cycles) <= set(complete)
        assert set(cycles) >= set(first)
        for order in range(1, cycles.complete_up_to + 1):
            assert cycles.of_order(order) == complete.of_order(order)
        verification = sw.verify(model, cycles)
        assert verification.ok, verification.reasons
        assert verification.complete_up_to == cycles.complete_up_to
    assert grown[-1].cycles == complete.cycles
    assert grown[-1].radius <= complete.radius * (1 + 1e-12) or model.M <= 2
    seconds = [first.seconds, *(cycles.seconds for cycles in grown)]
    assert seconds == sorted(seconds)


def test_a_grown_set_no_longer_says_that_the_search_was_stopped():
    model = network(4, 12)
    flag = new_flag()
    flag[0] = 1
    first = sw.find_cycles(model, 3, method="search", cancel=flag)
    assert first.stopped == "cancelled in order 1"
    *_, last = deepened(model, first, cancel=new_flag())
    assert last.complete_up_to == last.searched_up_to == 3
    assert last.stopped is None
    assert last.statement.startswith("complete to order 3, proved for |z| up to ")


@by_name
def test_nothing_is_left_to_grow(model):
    complete = sw.find_cycles(model, 3, method="complete")
    assert list(deepened(model, complete, cancel=new_flag())) == []


def test_growing_ends_at_its_limit():
    model = network(6, 7)
    first = sw.find_cycles(model, 8, method="search")
    grown = list(deepened(model, first, node_limit=40, cancel=new_flag()))
    assert 1 < len(grown) < 8
    assert [c.complete_up_to for c in grown[:-1]] == list(range(1, len(grown)))
    last = grown[-1]
    assert last.complete_up_to == len(grown) - 1
    assert last.stopped == f"the limit of the enumeration was reached in order {len(grown)}"
    assert set(last) >= set(first)
    assert last.statement.startswith(f"proved to order {len(grown) - 1}, searched to 8; the limit")


@pytest.mark.parametrize("which", ["cancel", "expired"])
@by_name
def test_growing_ends_with_either_flag(model, which):
    flags = {"cancel": new_flag(), "expired": new_flag()}
    first = sw.find_cycles(model, 4, method="search")
    growing = deepened(model, first, **flags)
    assert next(growing).complete_up_to == 1
    flags[which][0] = 1
    assert list(growing) == []
