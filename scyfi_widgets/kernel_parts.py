"""Compilation of what only other kernels call: LLVM's intermediate code, without machine code.

Numba makes machine code of every function that it compiles, also where the caller takes in the
intermediate code and makes machine code of that, with a wrapper that takes Python objects apart,
and once more for an argument that is a literal: half of the time goes there. A `Part` does without.
This uses what Numba documents for pipelines, and a few methods that it keeps to itself.
"""

from __future__ import annotations

from collections.abc import Callable

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.untyped_passes import IRProcessing


class _Codegen:
    """Numba's code generator, for a library that is never placed in memory."""

    def __init__(self, codegen):
        self._codegen = codegen

    def __getattr__(self, name: str):
        return getattr(self._codegen, name)

    def set_env(self, name, environment) -> None:
        """Leave the environment to the caller's library: there is no address to write it to."""


class _PartLibrary(JITCodeLibrary):
    """Code to be linked into the libraries of callers, which optimize it with their own."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    @property
    def codegen(self):
        """The code generator."""
        return _Codegen(self._codegen)


class _OptimizedLibrary(_PartLibrary):
    """The same, optimized."""

    def _optimize_final_module(self) -> None:
        JITCodeLibrary._optimize_final_module(self)


class _GiveLibrary(FunctionPass):
    library = _PartLibrary

    def __init__(self):
        FunctionPass.__init__(self)

    def run_pass(self, state) -> bool:
        """Give the function a library before Numba does."""
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return False


@register_pass(mutates_CFG=False, analysis_only=True)
class _GivePartLibrary(_GiveLibrary):
    _name = "give_part_library"


@register_pass(mutates_CFG=False, analysis_only=True)
class _GiveOptimizedLibrary(_GiveLibrary):
    _name = "give_optimized_library"
    library = _OptimizedLibrary


class _Pipeline(CompilerBase):
    first = _GivePartLibrary

    def define_pipelines(self) -> list:
        """Return Numba's own pipeline, with a library that makes no machine code."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(self.first, IRProcessing)
        passes.finalize()
        return [passes]


class _OptimizedPipeline(_Pipeline):
    first = _GiveOptimizedLibrary


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
