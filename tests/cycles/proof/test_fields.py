"""Trees that a search makes without checks equal checked ones; `verify` checks them again."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.proof.fields import unchecked

MODELS = [
    sw.PLRNN([0.5, 0.3], [[0.0, -2.0], [1.0, 0.0]], [0.1, -0.2]),
    sw.PLRNN([0.5, 0.3, 0.1], -2.0 * np.eye(3)[::-1], np.ones(3)),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"M={model.M}")
def test_a_tree_of_a_search_passes_all_checks_unchanged(model):
    for tree in sw.find_cycles(model, 4, method="complete").certificate.trees:
        checked = replace(tree)
        assert checked == tree
        for field in fields(tree):
            kept, made = getattr(tree, field.name), getattr(checked, field.name)
            assert type(kept) is type(made)
            if isinstance(kept, np.ndarray):
                assert (kept.dtype, kept.shape) == (made.dtype, made.shape)
                assert not kept.flags.writeable


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"M={model.M}")
@pytest.mark.parametrize(
    ("name", "value"),
    [("splits", 10**6), ("slack", -1.0), ("functional", np.nan)],
)
def test_fields_that_no_tree_can_have_are_refused(model, name, value):
    cycles = sw.find_cycles(model, 3, method="complete")
    assert sw.verify(model, cycles).ok
    first, *rest = cycles.certificate.trees
    values = {field.name: getattr(first, field.name) for field in fields(first)}
    values[name] = values[name].copy()
    values[name][-1] = value
    forged = unchecked(type(first), **values)
    certificate = replace(cycles.certificate, trees=(forged, *rest))
    result = sw.verify(model, replace(cycles, certificate=certificate))
    assert not result.ok
    assert any("is malformed" in reason for reason in result.reasons)
