"""Dictionaries of linear programs: exchanging, dropping and freezing change no solution."""

from __future__ import annotations

import numpy as np
import pytest

from scyfi_widgets.cycles.branching.dictionary import (
    ACTIVE,
    COST_SLACK,
    GONE_ROW,
    LEFT,
    SMALLEST_PIVOT,
    distance_to_zero,
    drop_row,
    entering_column,
    exchange,
    freeze_column,
    largest_entry,
    load_program,
    smallest_entry,
)

N, ROWS = 4, 6


class Program:
    """A random program b = q + N v and its first dictionary."""

    def __init__(self, seed: int):
        rng = np.random.default_rng(seed)
        self.rows = rng.normal(size=(ROWS, N))
        self.constants = rng.normal(size=ROWS)
        self.costs = rng.uniform(0.5, 1.5, N)
        self.D = np.zeros((ROWS + 1, N + 1))
        self.row_variable = np.zeros(ROWS + 1, np.int32)
        self.column_variable = np.zeros(N + 1, np.int32)
        self.where = np.zeros(N + ROWS, np.int32)
        self.sizes = np.zeros(3, np.int32)
        load_program(
            self.rows,
            self.constants,
            self.costs,
            self.D,
            self.row_variable,
            self.column_variable,
            self.where,
            self.sizes,
        )

    def exchange(self, row: int, column: int):
        exchange(
            self.D,
            self.row_variable,
            self.column_variable,
            self.where,
            self.sizes,
            row,
            column,
        )

    def values(self, v: np.ndarray) -> np.ndarray:
        """Return all variables, v first, from the original program."""
        return np.concatenate([v, self.constants + self.rows @ v])

    def assert_holds(self, v: np.ndarray):
        """Assert that the rows that are left are true of a solution in which frozen ones are 0."""
        x, active, left = self.values(v), self.sizes[ACTIVE], self.sizes[LEFT]
        moving = x[self.column_variable[1 : active + 1]]
        for row in range(1, left + 1):
            variable = self.row_variable[row]
            value = self.D[row, 0] + self.D[row, 1 : active + 1] @ moving
            np.testing.assert_allclose(value, x[variable], rtol=1e-9, atol=1e-9)
            assert self.where[variable] == row
        for column in range(1, active + 1):
            assert self.where[self.column_variable[column]] == -column


@pytest.mark.parametrize("seed", range(20))
def test_every_exchange_keeps_all_solutions(seed):
    program, rng = Program(seed), np.random.default_rng(seed)
    for _ in range(10):
        row, column = int(rng.integers(1, ROWS + 1)), int(rng.integers(1, N + 1))
        if abs(program.D[row, column]) > 0.1:
            program.exchange(row, column)
    for _ in range(5):
        program.assert_holds(rng.normal(size=N))


@pytest.mark.parametrize("seed", range(5))
def test_an_exchange_and_its_reverse(seed):
    program = Program(seed)
    before = program.D.copy()
    program.exchange(2, 3)
    assert not np.allclose(program.D, before)
    program.exchange(2, 3)
    np.testing.assert_allclose(program.D, before, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("row", [1, 3, ROWS])
def test_a_dropped_row_is_gone_and_the_others_stay(row):
    program = Program(1)
    program.exchange(2, 3)
    gone = program.row_variable[row]
    arrays = program.D, program.row_variable, program.where, program.sizes
    drop_row(*arrays, row)
    assert program.sizes[LEFT] == ROWS - 1
    assert program.where[gone] == GONE_ROW
    assert gone not in program.row_variable[1:ROWS]
    program.assert_holds(np.random.default_rng(2).normal(size=N))


@pytest.mark.parametrize("column", [1, 2, N])
def test_a_frozen_variable_is_zero(column):
    program = Program(3)
    arrays = program.D, program.column_variable, program.where, program.sizes
    frozen = program.column_variable[column]
    freeze_column(*arrays, column, N)
    assert program.sizes[ACTIVE] == N - 1
    assert frozen not in program.column_variable[1:N]
    v = np.random.default_rng(4).normal(size=N)
    v[frozen] = 0.0
    program.assert_holds(v)


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize("seed", range(20))
def test_the_entering_column_keeps_the_costs_non_negative(seed, direction):
    program = Program(seed)
    for row in range(1, ROWS + 1):
        column = entering_column(program.D, N, row, direction)
        entries = direction * program.D[row, 1:]
        if np.all(entries <= SMALLEST_PIVOT):
            assert column <= 0
            continue
        assert 1 <= column <= N
        assert direction * program.D[row, column] > SMALLEST_PIVOT
        after = Program(seed)
        after.exchange(row, column)
        assert np.all(after.D[0, 1:] > -2 * COST_SLACK * np.abs(after.D).max()) or direction < 0


@pytest.mark.parametrize("active", [1, 2, N])
def test_the_extreme_entries_of_a_row(active):
    program = Program(5)
    for row in range(1, ROWS + 1):
        entries = program.D[row, 1 : active + 1]
        assert largest_entry(program.D, row, active) == max(entries.max(), 0.0)
        assert smallest_entry(program.D, row, active) == min(entries.min(), 0.0)


def test_distance_to_zero_bounds_how_far_a_variable_has_to_move():
    D = np.array([[0.0, 1.0, 1.0, 1.0, 1.0], [6.0, -1.0, 5.0, -2.0, -100.0]])
    # With v_1 and v_3 both at 2 the row is zero; there are two ways, squared. Column 4 is frozen.
    assert distance_to_zero(D, 1, 3) == 6.0 / 3.0 / 4.0
    assert distance_to_zero(D, 1, 1) == 6.0
    D[1, 0] = -6.0
    assert distance_to_zero(D, 1, 3) == 0.0


def test_distance_to_zero_is_huge_where_nothing_makes_it_fall():
    D = np.array([[0.0, 1.0, 1.0], [6.0, 1.0, 0.0]])
    assert distance_to_zero(D, 1, 2) == 6.0 / SMALLEST_PIVOT
