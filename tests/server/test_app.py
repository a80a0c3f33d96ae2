"""The command scyfi-widgets app: its words, its refusals, its page, and a real class of two."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import scyfi_widgets as sw
from scyfi_widgets.server import forking, launch
from scyfi_widgets.server.app import command, networks, prepare

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from harness import ChromiumMissing, drag, find_chromium, launch_chromium, readout

FIGURE = ".bqplot path.line"
OWN_ADDRESS = re.compile(r"(http://127\.0\.0\.1:|ws://127\.0\.0\.1:|data:|blob:|about:)")
ROWS = "count => document.querySelectorAll('.sw-table tbody tr').length === count"
BRIGHTNESS = "Math.max(...getComputedStyle(document.body).backgroundColor.match(/\\d+/g))"
KERNEL = "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"


@pytest.fixture
def quiet_process(tmp_path, monkeypatch):
    """Keep what a start changes in this process inside the test."""
    for name in ("JUPYTER_PATH", networks.VARIABLE, forking.VARIABLE, *command.ONE_THREAD):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    handlers = [signal.getsignal(number) for number in numbers]
    yield tmp_path
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def voila_arguments(quiet_process, monkeypatch):
    """Replace Voilà by a list of the arguments that it got."""
    from scyfi_widgets.server.app.classroom import Classroom

    arguments = []
    monkeypatch.setattr(
        Classroom, "launch_instance", classmethod(lambda _, argv: arguments.append(argv))
    )
    monkeypatch.setattr(command, "_prepare", lambda files, folder: None)
    # Jupyter would keep for this process how kernels are to be started.
    monkeypatch.setattr(command, "offer_own_kernel", lambda folder, environment: None)
    return arguments


@pytest.fixture
def own_network(tmp_path) -> Path:
    path = tmp_path / "my network.npz"
    sw.save_model(sw.systems.lozi_map(), path)
    return path


class TestWords:
    def test_help(self, capsys):
        with pytest.raises(SystemExit, match="0"):
            launch.main(["app", "--help"])
        text = capsys.readouterr().out
        for word in ("--network", "--no-browser", "--port", "--ready", "--theme", "Ctrl-C"):
            assert word in text
        assert max(map(len, text.splitlines())) <= 80

    def test_the_other_command_names_it(self, capsys):
        with pytest.raises(SystemExit, match="0"):
            launch.main(["--help"])
        assert "scyfi-widgets app" in capsys.readouterr().out

    @pytest.mark.parametrize("wrong", ["--port=0", "--ready=-1", "--theme=blue", "--stop"])
    def test_wrong_arguments(self, wrong, capsys):
        with pytest.raises(SystemExit, match="2"):
            launch.main(["app", wrong])
        assert wrong.partition("=")[0] in capsys.readouterr().err


def refused(capsys, *arguments: str) -> str:
    """Return the one line with which a start was refused."""
    assert launch.main(["app", *arguments]) == launch.FAILED
    (line,) = capsys.readouterr().err.splitlines()
    return line


class TestRefusals:
    def test_missing_voila(self, monkeypatch, capsys):
        monkeypatch.setattr(command, "find_spec", lambda name: None if name == "voila" else name)
        assert 'pip install "scyfi-widgets[app]"' in refused(capsys)

    def test_port_in_use(self, voila_arguments, capsys):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            assert "is used by another program" in refused(capsys, "--port", str(port))
        assert voila_arguments == []

    def test_foreign_address(self, voila_arguments, capsys):
        assert "not an address of this machine" in refused(capsys, "--ip", "192.0.2.1")

    def test_file_without_a_network(self, quiet_process, capfd, own_network):
        Path("notes.npz").write_text("not a network")
        line = refused(capfd, "--network", str(own_network), "notes.npz")
        assert "--network" in line
        assert "notes.npz" in line
        assert "own_network" not in line

    def test_no_such_file(self, capsys):
        assert prepare.main(["missing.npz"]) == networks.UNREADABLE
        assert "missing.npz" in capsys.readouterr().err


class TestArguments:
    def test_default(self, voila_arguments):
        assert launch.main(["app"]) == 0
        ((notebook, *arguments),) = voila_arguments
        assert Path(notebook) == command.NOTEBOOK
        assert command.NOTEBOOK.is_file()
        assert {
            "--Voila.ip=localhost",
            f"--Voila.port={command.PORT}",
            "--VoilaConfiguration.theme=light",
            f"--VoilaConfiguration.default_pool_size={command.READY}",
        } <= set(arguments)
        assert "--no-browser" not in arguments
        assert "--Voila.port_retries=0" not in arguments
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
        assert json.loads(os.environ[networks.VARIABLE]) == []

    def test_for_a_class(self, voila_arguments, free_port, own_network):
        own = ["--no-browser", "--port", str(free_port), "--ip", "127.0.0.1", "--theme", "dark"]
        own += ["--ready", "0", "--network", own_network.name]
        assert launch.main(["app", *own, "--", "--Voila.base_url=/rnn/"]) == 0
        ((_, *arguments),) = voila_arguments
        assert arguments[-1] == "--Voila.base_url=/rnn/"
        assert {
            "--no-browser",
            "--Voila.ip=127.0.0.1",
            f"--Voila.port={free_port}",
            "--Voila.port_retries=0",
            "--VoilaConfiguration.theme=dark",
            "--VoilaConfiguration.preheat_kernel=False",
        } <= set(arguments)
        assert json.loads(os.environ[networks.VARIABLE]) == [str(own_network)]

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere kernels listen on ports")
    @pytest.mark.parametrize(("length", "sockets"), [(10, True), (60, False)])
    def test_kernels_need_no_ports(self, voila_arguments, monkeypatch, length, sockets):
        folder = "/tmp".ljust(length, "x")
        monkeypatch.setattr(command.tempfile, "gettempdir", lambda: folder)
        assert ("--KernelManager.transport=ipc" in command._voila_arguments(
            command._parser().parse_args([])
        )) is sockets  # fmt: skip

    def test_kernels_share_memory(self, voila_arguments):
        assert launch.main(["app"]) == 0
        assert os.environ[forking.VARIABLE] == forking.NAME

    def test_names_tell_the_files_apart(self):
        files = [Path("a/net.npz"), Path("b/net.npz"), Path("other.npz")]
        assert networks.names_of(files) == ["a/net.npz", "b/net.npz", "other"]


class TestPage:
    """What a visitor's kernel shows, without a browser."""

    @pytest.fixture
    def explorer(self, quiet_process):
        from scyfi_widgets.server.app.page import page

        made = []

        def show() -> sw.Explorer:
            made.append(page().children[1])
            assert made[-1].wait(30)
            return made[-1]

        yield show
        for one in made:
            one.close()

    def test_well_known_networks(self, explorer):
        shown = explorer()
        assert shown.model == sw.systems.sixteen_cycle()
        assert len(shown.presets) > 3
        assert "as given" not in shown.presets
        for name in shown.presets:
            shown._preset.value = name
            assert shown.wait(30)
            assert len(shown.cycles) > 0, name

    def test_networks_of_the_teacher(self, explorer, monkeypatch, own_network):
        monkeypatch.setenv(networks.VARIABLE, json.dumps([str(own_network)]))
        shown = explorer()
        assert shown.presets == {"my network": sw.systems.lozi_map()}
        assert shown.model == sw.systems.lozi_map()


def test_last_visit_is_told_from_a_pause(quiet_process):
    """A page that comes back in time keeps its kernel; one that stays away loses it."""
    from scyfi_widgets.server.app.visitors import VisitorKernels

    async def visit() -> tuple[bool, bool]:
        kernels = VisitorKernels(left_seconds=0.6)
        number = await kernels.start_kernel(kernel_name="python3")
        kernels.notify_connect(number)
        kernels.notify_disconnect(number)
        await asyncio.sleep(0.3)
        kernels.notify_connect(number)
        await asyncio.sleep(1.0)
        stayed = number in kernels
        kernels.notify_disconnect(number)
        for _ in range(100):
            if number not in kernels:
                break
            await asyncio.sleep(0.1)
        left = number not in kernels
        await kernels.shutdown_all(now=True)
        return stayed, left

    assert asyncio.run(visit()) == (True, True)


@pytest.fixture(scope="module")
def app(shared_jupyter, own_network_of_the_class):
    """Start the command beside a foreign kernel "python3" that Jupyter would prefer."""
    foreign = shared_jupyter.sub("foreign/kernels/python3") / "kernel.json"
    spec = {"argv": ["/nowhere/python"], "display_name": "foreign", "language": "python"}
    foreign.write_text(json.dumps(spec))
    shared_jupyter.env["JUPYTER_PATH"] = str(shared_jupyter.sub("foreign"))
    arguments = ["--network", str(own_network_of_the_class), "--ready", "2"]
    return shared_jupyter.start_app(*arguments)


@pytest.fixture(scope="module")
def own_network_of_the_class(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("class") / "my network.npz"
    sw.save_model(sw.systems.sixteen_cycle(), path)
    return path


@contextmanager
def visitor(browser, url: str, problems: list[str]):
    """Open the page as a person of their own; note errors, and requests to other machines."""
    context = browser.new_context(viewport={"width": 1300, "height": 1400})
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda one: None if OWN_ADDRESS.match(one.url) else problems.append(one.url),
    )
    page.goto(url)
    page.locator(FIGURE).first.wait_for(state="attached")
    page.locator(".sw-badge.sw-proved").first.wait_for()
    yield page
    context.close()


@pytest.fixture
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    try:
        find_chromium()
    except ChromiumMissing as missing:
        pytest.skip(str(missing))
    with sync_api.sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.mark.slow
class TestRealClass:
    def test_page_holds_no_code(self, app):
        page = app.request("")
        assert "<title>scyfi_widgets explorer</title>" in page
        assert "application/vnd.jupyter.widget-view+json" in page
        assert "import page" not in page
        assert "use TCP_NODELAY" in app.log

    def test_nothing_else_is_served(self, app):
        for path in ("voila/files/page.py", "voila/files/explorer.ipynb", "api/contents", "lab"):
            assert app.status(path) in (403, 404, 302), path

    @pytest.mark.browser
    def test_two_visitors_do_not_disturb_each_other(self, app, browser):
        problems: list[str] = []
        folder = Path(os.environ.get("SCYFI_ARTIFACTS", "artifacts"))
        folder.mkdir(parents=True, exist_ok=True)
        with (
            visitor(browser, app.url, problems) as one,
            visitor(browser, f"{app.url}?theme=dark", problems) as other,
        ):
            first, second = (page.locator(".sw-weight-A-0").first for page in (one, other))
            before = readout(first)
            assert readout(second) == before
            drag(first, 0.3)
            assert readout(first) != before
            network = sw.systems.sixteen_cycle()
            moved = network.replace({"A[0]": float(readout(first))})
            for page, model in ((one, moved), (other, network)):
                cycles = len(sw.find_cycles(model, max_order=16))
                page.wait_for_function(ROWS, arg=cycles)
            assert readout(second) == before
            preset = one.locator(".sw-toolbar select").first
            assert preset.locator("option").all_text_contents() == ["my\N{NO-BREAK SPACE}network"]
            light, dark = (page.evaluate(BRIGHTNESS) for page in (one, other))
            assert light > 200
            assert dark < 60
            one.screenshot(path=folder / "app-light.png")
            other.screenshot(path=folder / "app-dark.png")
        assert problems == []

    @pytest.mark.browser
    def test_a_page_that_goes_takes_its_kernel_with_it(self, app, browser):
        with visitor(browser, app.url, []) as page:
            kernel = page.evaluate(KERNEL)
            assert f"Kernel shutdown: {kernel}" not in app.log
            page.goto("about:blank")
            app.wait_for_line(f"Kernel shutdown: {kernel}")

    # The last test: it ends the server.
    def test_ctrl_c_leaves_nothing(self, app):
        family = psutil.Process(app.process.pid).children(recursive=True)
        assert app.kernels()
        app.process.send_signal(signal.SIGINT)
        assert app.process.wait(30) == 0, app.log
        assert "Traceback" not in app.log
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []
        assert not list(Path(tempfile.gettempdir()).glob("scyfi-widgets-app-*"))
