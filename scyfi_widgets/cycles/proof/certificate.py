"""What proves that a set of cycles is complete, as plain data (`verify` checks it)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from numbers import Real

from ...models.relu_form import ReluForm
from ...models.validation import whole_number
from .fields import Value, set_fields
from .trees import CLOSED, OPEN, THIN, UNDECIDED, WORD, CycleTree, MalformedTree, PrefixTree

__all__ = [
    "CLOSED",
    "OPEN",
    "THIN",
    "UNDECIDED",
    "WORD",
    "Certificate",
    "CycleTree",
    "MalformedTree",
    "PrefixTree",
    "model_digest",
]


@dataclass(frozen=True, eq=False)
class Certificate(Value):
    """A proof that a set of cycles is complete.

    Attributes
    ----------
    trees : tuple of CycleTree and PrefixTree
        Together about all orders that the set is complete up to.
    model_digest : str
        `model_digest` of the network that it is about.
    radius : float
        Nothing is proved about cycles with a component of a point beyond it in modulus.
    max_order : int
        The highest order that was asked for.

    Raises
    ------
    TypeError, ValueError
        If a field is not what is described above.
    """

    trees: tuple[CycleTree | PrefixTree, ...]
    model_digest: str
    radius: float
    max_order: int

    def __post_init__(self):
        trees = tuple(self.trees)
        for tree in trees:
            if not isinstance(tree, (CycleTree, PrefixTree)):
                raise TypeError(f"trees must hold CycleTree and PrefixTree, got {tree!r:.80}")
        if not isinstance(self.model_digest, str):
            raise TypeError(f"model_digest must be text, got {self.model_digest!r:.80}")
        if isinstance(self.radius, bool) or not isinstance(self.radius, Real):
            raise TypeError(f"radius must be a number, got {self.radius!r:.80}")
        if not self.radius >= 0.0:
            raise ValueError(f"radius must not be negative, got {self.radius}")
        max_order = whole_number("max_order", self.max_order, 1)
        set_fields(self, trees=trees, radius=float(self.radius), max_order=max_order)


def model_digest(form: ReluForm) -> str:
    """Return the SHA-256 of a network's shared form, the same for 0.0 and -0.0."""
    digest = hashlib.sha256()
    for array in form:
        digest.update(f"{array.shape}".encode())
        digest.update((array + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()
