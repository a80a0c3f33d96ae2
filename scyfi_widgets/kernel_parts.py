"""Compilation of what only other kernels call: LLVM's intermediate code, without machine code.

Numba makes machine code of every function that it compiles, also where the caller takes in the
intermediate code and makes machine code of that, with a wrapper that takes Python objects apart,
and once more for an argument that is a literal: half of the time goes there. A `Part` does without.

This replaces methods that Numba keeps to itself. They are the same in the versions that `TRIED` in
`compiled` lists; with any other this module is not imported, and Numba compiles parts as it
compiles everything.
"""

from __future__ import annotations

from collections.abc import Callable

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.errors import UnsupportedError
from numba.core.registry import CPUDispatcher


class _NoMachineCode:
    """Stands for the code generator where Numba would write to machine code."""

    @staticmethod
    def set_env(name: str, environment) -> None:
        """Write nothing: there is no address, and `_refuse_objects` saw to it that none is read."""


def _refuse_objects(*_, **__):
    raise UnsupportedError(
        "a kernel that kernels call cannot use Python objects, as print does, or an error whose "
        "message is computed"
    )


class _PartLibrary(JITCodeLibrary):
    """Code to be linked into the libraries of callers, which optimize it with their own."""

    codegen = _NoMachineCode()

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


class _OptimizedLibrary(_PartLibrary):
    """The same, optimized."""

    _optimize_final_module = JITCodeLibrary._optimize_final_module


class _Pipeline(Compiler):
    library = _PartLibrary

    def compile_extra(self, function: Callable):
        """Compile as Numba does, into a library that makes no machine code."""
        context = self.state.targetctx  # a copy for this function alone
        context.get_env_manager = _refuse_objects
        self.state.library = self.library(context.codegen(), function.__qualname__)
        return super().compile_extra(function)


class _OptimizedPipeline(_Pipeline):
    library = _OptimizedLibrary


class Part(CPUDispatcher):
    """A function that other kernels call, and Python never.

    Parameters
    ----------
    function : callable
    options : dict
        Of `numba.njit`.
    optimized : bool
        Whether it is optimized, and again inside its callers.
    """

    def __init__(self, function: Callable, options: dict, optimized: bool):
        super().__init__(
            function,
            targetoptions={
                "nopython": True,
                "no_cpython_wrapper": True,
                "no_cfunc_wrapper": True,
                **options,
            },
            pipeline_class=_OptimizedPipeline if optimized else _Pipeline,
        )

    def get_call_template(self, args, kws):
        """Return Numba's template of the call; a literal is no other type than a variable."""
        return super().get_call_template([types.unliteral(t) for t in args], kws)
