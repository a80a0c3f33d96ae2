"""The equations of one word in integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import compress
from operator import mul

from ...models.relu_form import ReluForm
from .integers import apply, plus, to_integers


class System:
    """z_{t+1} = J_t z_t + c_t and y_t = W2 z_t + h2 of one word, in integers over 2^scale.

    Parameters
    ----------
    form : ReluForm
    bits : list of k lists of H bool
    check : callable
        Called between steps; it may raise.
    """

    def __init__(self, form: ReluForm, bits: list[list[bool]], check: Callable[[], None]):
        self.M, self.bits, self.check = form.M, bits, check
        # Multiplied by 2^own_scale and 2^y_scale; their products need both.
        (A, W1, h1), own_scale = to_integers(A=form.A, W1=form.W1, h1=form.h1)
        (self.W2, self.h2), self.y_scale = to_integers(W2=form.W2, h2=form.h2)
        inputs = list(zip(*self.W2, strict=True))  # by latent unit
        jacobians, shifts = {}, {}
        for region in {tuple(region) for region in bits}:
            J = jacobians[region] = []
            weights = [list(compress(row, region)) for row in W1]
            seen = [list(compress(column, region)) for column in inputs]
            for row, active in zip(A, weights, strict=True):
                check()
                J.append(
                    [
                        (a << self.y_scale) + sum(map(mul, active, column))
                        for a, column in zip(row, seen, strict=True)
                    ]
                )
            biases = list(compress(self.h2, region))
            shifts[region] = [
                (h << self.y_scale) + sum(map(mul, active, biases))
                for h, active in zip(h1, weights, strict=True)
            ]
        everything = 0
        for row in [row for J in jacobians.values() for row in J] + list(shifts.values()):
            for x in row:
                everything |= x
        # The zeros at the end of all of them need not be carried along.
        scale = own_scale + self.y_scale
        zeros = min(scale, (everything & -everything).bit_length() - 1) if everything else scale
        self.scale = scale - zeros
        self.jacobians = [
            [[x >> zeros for x in row] for row in jacobians[tuple(region)]] for region in bits
        ]
        self.shifts = [[x >> zeros for x in shifts[tuple(region)]] for region in bits]

    def around(self, steps: int) -> tuple[list[list[int]], list[int]]:
        """Return integers N, b such that z_steps = z_0 if and only if N z_0 = b."""
        columns = [[int(i == m) for i in range(self.M)] for m in range(self.M)]
        shift = [0] * self.M
        for t in range(steps):
            J = self.jacobians[t]
            for m, column in enumerate(columns):
                self.check()
                columns[m] = apply(J, column)
            shift = plus(apply(J, shift), self.shifts[t], 1 << (t * self.scale))
        one = 1 << (steps * self.scale)
        matrix = [
            [(one if i == m else 0) - columns[m][i] for m in range(self.M)] for i in range(self.M)
        ]
        return matrix, shift

    def orbit(
        self, numerators: list[int], denominator: int, affine: bool = True
    ) -> Iterator[tuple[list[int], int]]:
        """Yield numerators and denominator of z_t, t = 0..k-1; a direction has no shifts."""
        for J, shift in zip(self.jacobians, self.shifts, strict=True):
            self.check()
            yield numerators, denominator
            numerators = apply(J, numerators)
            if affine:
                numerators = plus(numerators, shift, denominator)
            denominator <<= self.scale

    def y(
        self, numerators: list[int], denominator: int, affine: bool = True
    ) -> Iterator[tuple[list[int], int]]:
        """Yield the numerators (H,) and the denominator of W2 z_t (+ h2), t = 0..k-1."""
        for point, below in self.orbit(numerators, denominator, affine):
            values = apply(self.W2, point)
            if affine:
                values = plus(values, self.h2, below)
            yield values, below << self.y_scale
