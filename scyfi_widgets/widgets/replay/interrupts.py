"""Interrupts for threads: who works in the background is told when a person interrupts.

Python gives a SIGINT to the main thread alone, and a kernel of Jupyter lets it go to the cell that
runs, or ignores it while none does. So the handler that is there is wrapped: it first tells those
who listen, and then does what it did. IPython's kernel sets a handler anew for each message and
each coroutine; that is wrapped too, for as long as someone listens, and all is put back after.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

_listeners: tuple[Callable[[], None], ...] = ()  # replaced as a whole: a signal comes at any time
_changing = threading.Lock()
_hooked: list[tuple[Any, Callable]] = []  # shells whose cells are watched, and with what


def on_interrupt(action: Callable[[], None]) -> Callable[[], None]:
    """Call `action` at each interrupt; return a function that ends this.

    `action` is called in the main thread between any two of its instructions: it must not wait for
    a lock. Outside the main thread, and without a kernel that runs there, nothing can be set: then
    only handlers that are wrapped already tell of an interrupt.
    """
    global _listeners
    with _changing:
        _listeners = (*_listeners, action)
    _in_main_thread(_wrap)

    def end() -> None:
        global _listeners
        with _changing:
            _listeners = tuple(other for other in _listeners if other is not action)
        if not _listeners:
            _in_main_thread(_unwrap)

    return end


class _Telling:
    """A handler of SIGINT that tells those who listen, and then does what was done before."""

    def __init__(self, before: Any):
        self.before = before

    def __call__(self, number: int, frame: Any) -> None:
        for action in _listeners:
            try:
                action()
            except Exception:
                sys.excepthook(*sys.exc_info())
        if callable(self.before):
            self.before(number, frame)
        elif self.before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


def _wrap() -> None:
    if not _listeners:
        return
    now = signal.getsignal(signal.SIGINT)
    if now is not None and not isinstance(now, _Telling):  # None: set by C, and not to be put back
        signal.signal(signal.SIGINT, _Telling(now))
    shell = _shell()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return
    idle = getattr(kernel, "saved_sigint_handler", None)  # holds again when the cell has ended
    if idle is not None and not isinstance(idle, _Telling):
        kernel.saved_sigint_handler = _Telling(idle)
    if not any(known is shell for known, _ in _hooked):
        _hook(shell, kernel)


def _hook(shell: Any, kernel: Any) -> None:
    before = getattr(kernel, "pre_handler_hook", None)
    if before is not None:

        def hook() -> None:
            before()  # raises an error in a subshell's thread, which the kernel expects
            _wrap()

        kernel.pre_handler_hook = hook

    def begin_cell() -> None:
        if threading.current_thread() is threading.main_thread():
            _wrap()

    shell.events.register("pre_execute", begin_cell)
    _hooked.append((shell, begin_cell))


def _unwrap() -> None:
    if _listeners:
        return  # somebody came meanwhile
    now = signal.getsignal(signal.SIGINT)
    if isinstance(now, _Telling):
        signal.signal(signal.SIGINT, now.before)
    while _hooked:
        shell, begin_cell = _hooked.pop()
        shell.events.unregister("pre_execute", begin_cell)
        kernel = shell.kernel
        vars(kernel).pop("pre_handler_hook", None)
        idle = getattr(kernel, "saved_sigint_handler", None)
        if isinstance(idle, _Telling):
            kernel.saved_sigint_handler = idle.before


def _in_main_thread(action: Callable[[], None]) -> None:
    if threading.current_thread() is threading.main_thread():
        action()
        return
    loop = getattr(getattr(_shell(), "kernel", None), "io_loop", None)
    if loop is not None:
        loop.add_callback(action)


def _shell() -> Any:
    """Return IPython's shell, if this is its process."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
