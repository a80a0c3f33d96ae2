"""A pickle read as data: nothing is imported, called or built, whatever it asks for.

Python's own unpickler imports what a file names and calls what it is told to, which hands the
session to whoever wrote the file. This reader knows only the opcodes that dictionaries of tensors
need. A name of a function stays a name, a call of it stays a record of the call, and any other
request ends the reading.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import Any

from .errors import ModelFileError

ORDERED_DICT = "collections OrderedDict"
MAX_BYTES = 1 << 22
_ADVICE = "nothing was run. Save the weights alone: torch.save(model.state_dict(), path)"
_LITERALS = {
    "BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BINSTRING", "SHORT_BINSTRING",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_GETS = {"GET", "BINGET", "LONG_BINGET"}


@dataclass(frozen=True, eq=False)
class Name:
    """A module and a name in it, separated by a space; never imported."""

    text: str


@dataclass(frozen=True, eq=False)
class Call:
    """A call that the pickle asks for; never made."""

    function: str
    arguments: tuple


@dataclass(frozen=True, eq=False)
class External:
    """A reference to something outside the pickle (a persistent id)."""

    identity: Any


def read_inert(pickled: bytes, allowed: frozenset[str]) -> Any:
    """Return what a pickle describes, in dictionaries, lists, tuples, numbers, texts and records.

    Parameters
    ----------
    pickled : bytes
    allowed : set of str
        The names that may occur, as ``"module name"``; `ORDERED_DICT` is read as a dictionary.

    Raises
    ------
    ModelFileError
        If it names anything else, uses an opcode that could run code, or is malformed.
    """
    if len(pickled) > MAX_BYTES:
        raise ModelFileError(
            f"its pickle has {len(pickled):,} bytes; at most {MAX_BYTES:,} are read"
        )
    reader = _Reader(allowed)
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "STOP":
            return reader.result()
        reader.follow(opcode.name, argument)
    raise ModelFileError("its pickle ends too early")


class _Reader:
    """The stack machine of the pickle format, without its dangerous half."""

    def __init__(self, allowed: frozenset[str]):
        self.allowed = allowed
        self.stack: list = []
        self.below: list[list] = []
        self.memo: dict[int, Any] = {}

    def result(self) -> Any:
        if len(self.stack) != 1 or self.below:
            raise ModelFileError("its pickle is malformed")
        return self.stack[0]

    def follow(self, opcode: str, argument: Any) -> None:
        if opcode in _LITERALS:
            self.stack.append(argument)
        elif opcode in _CONSTANTS:
            self.stack.append(_CONSTANTS[opcode])
        elif opcode in _EMPTY:
            self.stack.append(_EMPTY[opcode]())
        elif opcode in _TUPLES:
            self.stack.append(tuple(self.pop_many(_TUPLES[opcode])))
        elif opcode in _PUTS:
            self.memo[argument] = self.top()
        elif opcode in _GETS:
            self.stack.append(self.memo[argument])
        elif hasattr(self, f"on_{opcode.lower()}"):
            getattr(self, f"on_{opcode.lower()}")(argument)
        else:
            raise ModelFileError(f"its pickle uses {opcode}, which could run code; {_ADVICE}")

    def top(self) -> Any:
        if not self.stack:
            raise ModelFileError("its pickle is malformed")
        return self.stack[-1]

    def pop(self) -> Any:
        value = self.top()
        del self.stack[-1]
        return value

    def pop_many(self, count: int) -> list:
        return [self.pop() for _ in range(count)][::-1]

    def pop_to_mark(self) -> list:
        if not self.below:
            raise ModelFileError("its pickle is malformed")
        values, self.stack = self.stack, self.below.pop()
        return values

    def on_proto(self, version: int) -> None:
        if version > 5:
            raise ModelFileError(f"its pickle has the unknown protocol {version}")

    def on_frame(self, _) -> None:
        """Frames only say how much to read ahead."""

    def on_mark(self, _) -> None:
        self.below.append(self.stack)
        self.stack = []

    def on_pop(self, _) -> None:
        self.pop()

    def on_memoize(self, _) -> None:
        self.memo[len(self.memo)] = self.top()

    def on_tuple(self, _) -> None:
        values = self.pop_to_mark()
        self.stack.append(tuple(values))

    def on_list(self, _) -> None:
        values = self.pop_to_mark()
        self.stack.append(values)

    def on_dict(self, _) -> None:
        values = self.pop_to_mark()
        self.stack.append({})
        self.set_items(values)

    def on_append(self, _) -> None:
        self.extend([self.pop()])

    def on_appends(self, _) -> None:
        self.extend(self.pop_to_mark())

    def on_setitem(self, _) -> None:
        self.set_items(self.pop_many(2))

    def on_setitems(self, _) -> None:
        self.set_items(self.pop_to_mark())

    def on_global(self, argument: str) -> None:
        self.name(argument)

    def on_stack_global(self, _) -> None:
        module, name = self.pop_many(2)
        self.name(f"{module} {name}" if isinstance(module, str) else repr(module))

    def on_binpersid(self, _) -> None:
        self.stack.append(External(self.pop()))

    def on_reduce(self, _) -> None:
        function, arguments = self.pop_many(2)
        if not isinstance(function, Name) or not isinstance(arguments, tuple):
            raise ModelFileError(f"its pickle calls something that is no function; {_ADVICE}")
        if function.text != ORDERED_DICT:
            self.stack.append(Call(function.text, arguments))
        elif not arguments:
            self.stack.append({})
        else:
            raise ModelFileError("its pickle builds an OrderedDict in an unknown way")

    def on_build(self, _) -> None:
        # PyTorch hangs version numbers (_metadata) on the dictionary; they are not needed.
        self.pop()
        if not isinstance(self.top(), dict):
            raise ModelFileError(f"its pickle sets the state of an object; {_ADVICE}")

    def name(self, text: str) -> None:
        if text not in self.allowed:
            raise ModelFileError(
                f"it asks Python for {text.replace(' ', '.')[:80]!r}, which has no place among "
                f"weights; {_ADVICE}"
            )
        self.stack.append(Name(text))

    def extend(self, values: list) -> None:
        if not isinstance(self.top(), list):
            raise ModelFileError("its pickle is malformed")
        self.top().extend(values)

    def set_items(self, values: list) -> None:
        target = self.top()
        if not isinstance(target, dict) or len(values) % 2:
            raise ModelFileError("its pickle is malformed")
        for key, value in zip(values[::2], values[1::2], strict=True):
            # Hashing a deep tuple could take forever; no state dict has one as a key.
            if not isinstance(key, (str, int, float, bytes, type(None))):
                raise ModelFileError(f"its pickle has a {type(key).__name__} as a key")
            target[key] = value
