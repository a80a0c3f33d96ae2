"""Interrupts in a real kernel: whether a cell runs or none, a training that goes on hears of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest
from jupyter_client import KernelManager

from scyfi_widgets.widgets.replay import interrupts
from scyfi_widgets.widgets.replay.interrupts import on_interrupt

SETUP = """
import asyncio, signal, threading, time
from IPython import get_ipython
from scyfi_widgets.widgets.replay.interrupts import on_interrupt
heard = []
end = on_interrupt(lambda: heard.append(threading.current_thread() is threading.main_thread()))
"""
TRAINING = """
import numpy as np, scyfi_widgets as sw
from scyfi_widgets.widgets.replay.live_training import LiveTraining
training = LiveTraining(sw.PLRNN(A=[0.5], W=[[0.0]], h=[0.1]), np.sin(np.arange(20)), epochs=10**8)
training.start()
"""


class Kernel:
    """A kernel in a process of its own, and what its cells say."""

    def __init__(self, manager: KernelManager):
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def start(self, code: str) -> str:
        # Otherwise a cell that fails takes those with it that are sent right after.
        return self.client.execute(code, stop_on_error=False)

    def reply(self, message: str) -> dict:
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["parent_header"]["msg_id"] == message:
                return reply["content"]

    def value(self, expression: str) -> object:
        message = self.client.execute("", user_expressions={"value": expression})
        shown = self.reply(message)["user_expressions"]["value"]
        assert shown["status"] == "ok", shown
        return eval(shown["data"]["text/plain"], {})

    def run(self, code: str) -> None:
        content = self.reply(self.start(code))
        assert content["status"] == "ok", content

    def wait_until_it_runs(self, message: str) -> None:
        """Wait for the text "here" that a cell prints."""
        while True:
            got = self.client.get_iopub_msg(timeout=60)
            mine = got["parent_header"].get("msg_id") == message
            if mine and got["msg_type"] == "stream" and "here" in got["content"]["text"]:
                return


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    manager = KernelManager()
    manager.start_kernel()
    try:
        kernel = Kernel(manager)
        yield kernel
        kernel.client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


@pytest.fixture
def listening(kernel: Kernel) -> Iterator[Kernel]:
    kernel.run(SETUP)
    yield kernel
    kernel.run("end()")


def test_an_idle_kernel_tells(listening, until):
    for count in (1, 2):
        listening.manager.interrupt_kernel()
        assert until(lambda count=count: len(listening.value("heard")) == count, 5.0)
    assert listening.value("heard") == [True, True]


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("print('here', flush=True); time.sleep(30)", "KeyboardInterrupt"),
        (
            "print('here', flush=True)\nfor _ in range(300): await asyncio.sleep(0.1)",
            "CancelledError",
        ),
        (
            "try:\n    print('here', flush=True); time.sleep(30)\nexcept KeyboardInterrupt: pass",
            None,
        ),
    ],
)
def test_a_cell_that_runs_is_interrupted_and_the_training_too(listening, cell, error):
    message = listening.start(cell)
    listening.wait_until_it_runs(message)
    listening.manager.interrupt_kernel()
    content = listening.reply(message)
    assert (content["status"], content.get("ename")) == (
        ("ok", None) if error is None else ("error", error)
    )
    assert listening.value("heard") == [True]


def test_a_training_stops_when_an_idle_kernel_is_interrupted(kernel, until):
    kernel.run(TRAINING)
    assert until(lambda: kernel.value("training.run.epochs > 0"), 60.0)
    kernel.manager.interrupt_kernel()
    assert until(lambda: not kernel.value("training.running"), 5.0)
    text = kernel.value("training.run.stopped")
    assert text == f"interrupted in epoch {kernel.value('training.run.epochs')}"
    kernel.run("training.close()")


def test_it_is_heard_in_the_very_cell_that_began_to_listen(kernel):
    message = kernel.start(SETUP + "print('here', flush=True); time.sleep(30)")
    kernel.wait_until_it_runs(message)
    kernel.manager.interrupt_kernel()
    assert kernel.reply(message)["ename"] == "KeyboardInterrupt"
    assert kernel.value("heard") == [True]
    kernel.run("end()")


def test_a_thread_can_begin_and_end_to_listen(kernel, until):
    kernel.run("ends = []; " + SETUP.strip().rpartition("\n")[0].replace("\n", "; "))
    kernel.run(
        "listen = lambda: ends.append(on_interrupt(lambda: heard.append(1)))\n"
        "thread = threading.Thread(target=listen); thread.start(); thread.join()"
    )
    kernel.value("1")  # the main thread has turned once
    kernel.manager.interrupt_kernel()
    assert until(lambda: kernel.value("heard") == [1], 5.0)
    kernel.run("thread = threading.Thread(target=ends[0]); thread.start(); thread.join()")
    assert kernel.value("signal.getsignal(signal.SIGINT) is signal.default_int_handler")


def test_all_is_put_back(kernel, until):
    look = "threading.Timer(0.3, lambda: idle.append(signal.getsignal(signal.SIGINT))).start()"
    known = (
        "(signal.getsignal(signal.SIGINT) is signal.default_int_handler, "
        "'pre_handler_hook' in vars(get_ipython().kernel), "
        "len(get_ipython().events.callbacks['pre_execute']))"
    )
    kernel.run("import signal, threading; from IPython import get_ipython; idle = []")
    before = kernel.value(known)
    assert before[0]
    kernel.run(SETUP)
    during = kernel.value(known)
    assert during == (False, True, before[2] + 1)
    kernel.run("end(); " + look)
    assert until(lambda: kernel.value("len(idle)") == 1, 5.0)
    assert kernel.value(known) == before
    kernel.run("end()")  # once more does nothing
    kernel.run(look)
    signal_of_idle = "[handler == signal.SIG_IGN for handler in idle[-1:]]"
    # A cell may run just when the timer looks: then it is the cell's handler that it sees.
    wanted = f"{signal_of_idle} == [True] or idle[-1] is signal.default_int_handler"
    assert until(lambda: kernel.value("len(idle)") == 2, 5.0)
    assert kernel.value(wanted)


def test_a_script_is_told_before_its_own_handler(monkeypatch):
    calls = []
    before = signal.signal(signal.SIGINT, lambda *_: calls.append("script"))
    try:
        ends = [on_interrupt(lambda name=name: calls.append(name)) for name in "ab"]
        signal.raise_signal(signal.SIGINT)
        ends[0]()
        signal.raise_signal(signal.SIGINT)
        ends[1]()
        signal.raise_signal(signal.SIGINT)
        assert calls == ["a", "b", "script", "b", "script", "script"]
        assert not isinstance(signal.getsignal(signal.SIGINT), interrupts._Telling)
    finally:
        signal.signal(signal.SIGINT, before)


def test_one_who_fails_keeps_nobody_from_hearing(capsys):
    calls = []
    before = signal.signal(signal.SIGINT, lambda *_: calls.append("script"))
    try:
        ends = [on_interrupt(lambda: 1 / 0), on_interrupt(lambda: calls.append("b"))]
        signal.raise_signal(signal.SIGINT)
        for end in ends:
            end()
        assert calls == ["b", "script"]
        assert "ZeroDivisionError" in capsys.readouterr().err
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_without_a_kernel_changes_no_handler():
    before = signal.getsignal(signal.SIGINT)
    ends = []
    thread = threading.Thread(target=lambda: ends.append(on_interrupt(lambda: None)))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before
    ends[0]()
