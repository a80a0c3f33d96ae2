"""The pictures of the cycles over the epochs, and of their eigenvalues."""

from __future__ import annotations

import numpy as np

import scyfi_widgets as sw
from scyfi_widgets.widgets.replay.cycles_picture import PIXELS, compose_cycles
from scyfi_widgets.widgets.replay.eigenvalue_picture import compose_eigenvalues
from scyfi_widgets.widgets.unit_circle.points import LARGEST, MOST_POINTS, TRAIL


def heights_at(lines, epoch: float) -> np.ndarray:
    """Return where curves (2, n) or (2, colours, n) cross an epoch, sorted."""
    found = []
    for x, y in zip(*(np.atleast_2d(part) for part in lines), strict=True):
        for before in range(len(x) - 1):
            a, b = x[before], x[before + 1]
            if np.isfinite([a, b]).all() and min(a, b) <= epoch <= max(a, b) and a != b:
                part = (epoch - a) / (b - a)
                found.append((1 - part) * y[before] + part * y[before + 1])
    return np.unique(np.round(found, 9))


def test_the_branches_at_three_epochs_are_the_cycles_that_find_cycles_finds(run, found):
    limits, pixel = (-4.0, 6.0), 10.0 / PIXELS
    for coordinate in (0, 1):
        picture = compose_cycles(found, coordinate, limits=limits)
        for epoch in (5, 33, 71):
            cycles = sw.find_cycles(run.model(epoch), found.max_order)
            for lines, chosen in (
                (picture.stable, cycles.stable),
                (picture.unstable, [c for c in cycles if c.stability != "stable"]),
            ):
                wanted = np.array([point[coordinate] for c in chosen for point in c.points])
                wanted = wanted[(wanted > limits[0]) & (wanted < limits[1])]
                drawn = heights_at(lines[0], epoch)
                assert len(drawn) == len(wanted)
                assert np.abs(np.sort(drawn) - np.sort(wanted)).max(initial=0.0) < 2 * pixel


def test_in_a_window_of_one_unit_the_branches_are_exact_to_a_pixel(run, found):
    for epoch in (5, 33, 71):
        cycles = sw.find_cycles(run.model(epoch), found.max_order)
        for cycle in cycles:
            height = float(cycle.points[0, 0])
            limits = (height - 0.5, height + 0.5)
            picture = compose_cycles(found, 0, (epoch - 2.0, epoch + 2.0), limits)
            lines = picture.stable if cycle.stability == "stable" else picture.unstable
            assert np.abs(heights_at(lines[0], epoch) - height).min() < 1.5 / PIXELS


def test_every_event_has_its_sign(found):
    picture = compose_cycles(found)
    shown = {id(event) for _, events in picture.signs.values() for event in events}
    assert shown == {id(event) for event in found.qualitative}
    assert picture.unmarked == 0
    for points, events in picture.signs.values():
        assert np.array_equal(points[0], [event.epoch for event in events])
        low, high = picture.limits
        assert ((points[1] > low) & (points[1] < high)).all()


def test_eigenvalues_are_those_of_the_cycles(run):
    cycles = sw.find_cycles(run.model(20), 3)
    picture = compose_eigenvalues(cycles, {}, 20)
    drawn = [points for points, *_ in (picture.attracting, picture.others)]
    values = np.concatenate([points[0] + 1j * points[1] for points in drawn])
    known = np.concatenate([c.eigenvalues for c in cycles])
    near = known[np.abs(known) <= picture.size]
    assert sorted(np.abs(values)) == sorted(np.abs(near))
    assert picture.outside == len(known) - len(near)
    assert 1.0 < picture.size <= LARGEST
    for points, colours, owners in (picture.attracting, picture.others):
        assert points.shape == (2, len(colours)) == (2, len(owners))
        for (x, y), owner in zip(points.T, owners, strict=True):
            assert np.abs(owner.eigenvalues - (x + 1j * y)).min() == 0.0
    assert all(cycle.stability == "stable" for cycle in picture.attracting[2])


def test_the_trail_holds_the_epochs_before_and_none_after():
    cycles = sw.find_cycles(sw.systems.sixteen_cycle(), 2)
    past = {epoch: np.array([0.01 * epoch + 0j]) for epoch in range(100)}
    picture = compose_eigenvalues(cycles, past, 60)
    values = np.unique(picture.trail[0][np.isfinite(picture.trail[0])])
    assert np.allclose(values, 0.01 * np.arange(60 - TRAIL, 60))
    assert np.isfinite(picture.trail[..., -1]).all()  # bqplot cannot end a curve in NaN
    assert compose_eigenvalues(cycles, past, 0).trail.shape == (2, 0)


def test_crowds_are_bounded():
    class Crowd(list):
        stable = ()

    cycle = sw.find_cycles(sw.systems.sixteen_cycle(), 1)[0]
    picture = compose_eigenvalues(Crowd([cycle] * 500), {}, 0)
    count = picture.attracting[0].shape[1] + picture.others[0].shape[1]
    assert 0 < count <= MOST_POINTS
