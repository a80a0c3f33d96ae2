"""Kernels that are forked from one process: real ones, and what is done where there can be none."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager

from scyfi_widgets.server import forking
from scyfi_widgets.server.forking import client
from scyfi_widgets.server.forking.client import Template, Unavailable
from scyfi_widgets.server.forking.provisioner import ForkedProvisioner, _arguments_of_own_kernel

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")


class TestSwitch:
    def test_on(self):
        environment: dict[str, str] = {}
        forking.switch_on(environment)
        assert environment == {forking.VARIABLE: forking.NAME}

    def test_what_the_user_wants_stays(self):
        environment = {forking.VARIABLE: "local-provisioner"}
        forking.switch_on(environment)
        assert environment == {forking.VARIABLE: "local-provisioner"}

    def test_not_where_jupyter_does_not_know_it(self, monkeypatch):
        monkeypatch.setattr(forking, "entry_points", lambda group: [])
        environment: dict[str, str] = {}
        forking.switch_on(environment)
        assert environment == {}


class TestCommand:
    def test_own_kernel(self):
        command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "x"]
        assert _arguments_of_own_kernel(command) == ["-f", "x"]

    @pytest.mark.parametrize(
        "command",
        [
            ["/other/bin/python", "-m", "ipykernel_launcher", "-f", "x"],
            [sys.executable, "-m", "another_kernel", "-f", "x"],
            [sys.executable],
        ],
    )
    def test_others_are_not_forked(self, command):
        with pytest.raises(Unavailable, match="another"):
            _arguments_of_own_kernel(command)


def test_other_systems(monkeypatch):
    monkeypatch.setattr(client.sys, "platform", "darwin")
    with pytest.raises(Unavailable, match="Linux"):
        Template()


@pytest.fixture(scope="module")
def specs(tmp_path_factory) -> KernelSpecManager:
    """Return the kernel "forked", and the kernel "other", whose Python is another one."""
    folder = tmp_path_factory.mktemp("kernels")
    for name, python in (("forked", sys.executable), ("other", str(folder / "python"))):
        (folder / name).mkdir()
        spec = {
            "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "metadata": {"kernel_provisioner": {"provisioner_name": forking.NAME}},
        }
        (folder / name / "kernel.json").write_text(json.dumps(spec))
    (folder / "python").symlink_to(sys.executable)
    yield KernelSpecManager(kernel_dirs=[str(folder)])
    if Template._present is not None:
        Template._present.close()


async def run(kernel: AsyncKernelManager, code: str) -> str:
    """Run code in a kernel; return what it printed, and the kinds of what it displayed."""
    channels = kernel.client()
    channels.start_channels()
    await channels.wait_for_ready(60)
    printed = []

    def note(message: dict[str, Any]) -> None:
        printed.append(message["content"].get("text", ""))
        printed.extend(message["content"].get("data", ()))

    reply = await channels.execute_interactive(code, timeout=120, output_hook=note)
    channels.stop_channels()
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed).strip()


def with_kernels(specs, count: int, act: Callable[..., Awaitable[None]], name="forked") -> None:
    """Start kernels, act, and shut them down."""

    async def whole() -> None:
        kernels = [
            AsyncKernelManager(kernel_name=name, kernel_spec_manager=specs) for _ in range(count)
        ]
        try:
            for kernel in kernels:
                await kernel.start_kernel()
            await act(*kernels)
        finally:
            for kernel in kernels:
                if await kernel.is_alive():
                    await kernel.shutdown_kernel(now=True)

    asyncio.run(whole())


@only_linux
@pytest.mark.slow
class TestRealKernels:
    def test_they_share_memory(self, specs):
        async def act(one, two):
            for kernel in (one, two):
                await run(kernel, "import scyfi_widgets as sw; sw.Explorer(max_order=2).wait(30)")
                memory = psutil.Process(kernel.provisioner.pid).memory_full_info()
                print(f"{memory.rss / 1e6:.0f} MB, of which {memory.uss / 1e6:.0f} MB its own")
                assert memory.uss < 0.5 * memory.rss
            parents = [psutil.Process(one.provisioner.pid).ppid() for one in (one, two)]
            assert parents[0] == parents[1] != os.getpid()

        with_kernels(specs, 2, act)

    def test_they_are_like_others(self, specs, tmp_path):
        code = (
            "import os, sys, random, numpy as np\n"
            "import matplotlib.pyplot as plt\n"
            "print(__name__, os.getcwd(), sys.argv[1], plt.get_backend(), np.random.rand(),"
            " random.random(), sep='|')"
        )

        async def act(one, two):
            said = [(await run(kernel, code)).split("|") for kernel in (one, two)]
            for name, folder, flag, backend, *_ in said:
                assert (name, folder, flag) == ("__main__", os.getcwd(), "-f")
                assert "inline" in backend
            for place in (4, 5):  # not the same random numbers in all of a class
                assert said[0][place] != said[1][place]

        with_kernels(specs, 2, act)

    def test_figures_appear_in_the_notebook(self, specs):
        async def act(kernel):
            code = "import matplotlib.pyplot as plt; plt.plot([0, 1])"
            assert "image/png" in await run(kernel, code)

        with_kernels(specs, 1, act)

    def test_interrupt_restart_and_end(self, specs):
        async def act(kernel):
            channels = kernel.client()
            channels.start_channels()
            await channels.wait_for_ready(60)
            channels.execute("import time; time.sleep(60)")
            await asyncio.sleep(0.5)
            await kernel.interrupt_kernel()
            reply = await channels.get_shell_msg(timeout=20)
            assert reply["content"]["ename"] == "KeyboardInterrupt"
            channels.stop_channels()

            before = kernel.provisioner.pid
            await kernel.restart_kernel()
            assert kernel.provisioner.pid != before
            assert await run(kernel, "print(1)") == "1"

            os.kill(kernel.provisioner.pid, signal.SIGKILL)
            for _ in range(100):
                if not await kernel.is_alive():
                    break
                await asyncio.sleep(0.1)
            assert await kernel.provisioner.poll() == -signal.SIGKILL

        with_kernels(specs, 1, act)

    def test_they_end_with_the_template_and_the_next_gets_a_new_one(self, specs):
        async def act(kernel):
            template, pid = Template.of_this_server(), kernel.provisioner.pid
            os.kill(template._process.pid, signal.SIGKILL)
            for _ in range(100):
                if not psutil.pid_exists(pid):
                    break
                await asyncio.sleep(0.1)
            assert not psutil.pid_exists(pid)
            assert not await kernel.is_alive()
            await kernel.restart_kernel()
            assert Template.of_this_server() is not template
            assert await run(kernel, "print(2)") == "2"

        with_kernels(specs, 1, act)

    def test_another_python_is_started_as_usual(self, specs):
        async def act(kernel):
            assert isinstance(kernel.provisioner, ForkedProvisioner)
            assert psutil.Process(kernel.provisioner.pid).ppid() == os.getpid()

        with_kernels(specs, 1, act, "other")


def test_a_template_that_fails_is_said_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(client.sys, "executable", str(_failing(tmp_path)))
    template = Template()
    with pytest.raises(Unavailable, match="did not start"):
        template.fork(["-f", "x"], str(tmp_path), {})


def _failing(folder: Path) -> Path:
    script = folder / "python"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(0o755)
    return script
