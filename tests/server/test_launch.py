"""The command scyfi-widgets: its words, its refusals, a second start, and a real start and stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from scyfi_widgets.server import address, launch, notebooks, running, session

COMMAND = "scyfi_widgets.server.launch"


@pytest.fixture
def quiet_process(tmp_path, monkeypatch):
    """Keep what a start changes in this process, and what it writes, inside the test."""
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setattr(launch, "_start_warming", lambda folder: None)
    monkeypatch.chdir(tmp_path)
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    handlers = [signal.getsignal(number) for number in numbers]
    yield tmp_path
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def lab_arguments(quiet_process, monkeypatch):
    """Replace JupyterLab by a list of the arguments that it got."""
    from jupyterlab.labapp import LabApp

    arguments = []
    monkeypatch.setattr(
        LabApp, "launch_instance", classmethod(lambda _, argv: arguments.append(argv))
    )
    return arguments


class TestWords:
    def test_help(self, capsys):
        with pytest.raises(SystemExit, match="0"):
            launch.main(["--help"])
        text = capsys.readouterr().out
        for word in (
            "--no-browser",
            "--port",
            "--stop",
            "Ctrl-C",
            notebooks.COPIES,
            "never",
            "-- ",
        ):
            assert word in text
        assert max(map(len, text.splitlines())) <= 80

    def test_version(self, capsys):
        with pytest.raises(SystemExit, match="0"):
            launch.main(["--version"])
        assert capsys.readouterr().out.split()[0] == "scyfi-widgets"

    @pytest.mark.parametrize("port", ["0", "70000", "-1", "http"])
    def test_impossible_port(self, port, capsys):
        with pytest.raises(SystemExit, match="2"):
            launch.main([f"--port={port}"])
        assert "must be a number from 1 to 65535" in capsys.readouterr().err


def refused(capsys, *arguments: str) -> str:
    """Return the one line with which a start was refused."""
    assert launch.main(list(arguments)) == launch.FAILED
    (line,) = capsys.readouterr().err.splitlines()
    return line


class TestRefusals:
    @pytest.mark.parametrize("missing", ["jupyterlab", "ipykernel"])
    def test_missing_lab(self, missing, monkeypatch, capsys):
        monkeypatch.setattr(launch, "find_spec", lambda name: None if name == missing else name)
        assert 'pip install "scyfi-widgets[lab]"' in refused(capsys)

    def test_port_in_use(self, lab_arguments, capsys):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            line = refused(capsys, "--port", str(port))
        assert f"port {port} is used by another program" in line
        assert lab_arguments == []
        assert not Path(notebooks.COPIES).exists()

    def test_foreign_address(self, lab_arguments, capsys):
        assert "not an address of this machine" in refused(capsys, "--ip", "192.0.2.1")

    @pytest.mark.parametrize("ip", ["localhost", "127.0.0.1", "0.0.0.0", "*"])
    def test_usable_addresses(self, ip, free_port):
        assert address.problem_with(ip, free_port) is None
        assert address.problem_with(ip, None) is None

    def test_folder_that_cannot_be_made(self, lab_arguments, capsys):
        Path("file").touch()
        assert "--notebook-dir" in refused(capsys, "--notebook-dir", "file/below")

    def test_notebooks_not_shipped(self, lab_arguments, monkeypatch, capsys, tmp_path):
        monkeypatch.setattr(notebooks, "_PACKAGE", tmp_path / "package")
        assert "the notebooks are missing" in refused(capsys)

    def test_stop_without_a_server(self, quiet_process, capsys):
        assert "none is running" in refused(capsys, "--stop")


class TestArguments:
    def test_default(self, lab_arguments, quiet_process):
        assert launch.main([]) == 0
        (arguments,) = lab_arguments
        folder = quiet_process / notebooks.COPIES
        assert (folder / notebooks.FIRST).is_file()
        assert f"--ServerApp.root_dir={folder}" in arguments
        assert f"--LabApp.default_url=/lab/tree/{notebooks.FIRST}" in arguments
        assert "--no-browser" not in arguments

    def test_for_servers_and_for_jupyterlab(self, lab_arguments, quiet_process, free_port):
        own = ["--no-browser", "--port", str(free_port), "--ip", "127.0.0.1"]
        own += ["--notebook-dir", "a course"]
        assert launch.main([*own, "--", "--ServerApp.token=x", "--debug"]) == 0
        (arguments,) = lab_arguments
        assert arguments[-2:] == ["--ServerApp.token=x", "--debug"]
        assert {
            "--no-browser",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={free_port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={quiet_process / 'a course'}",
        } <= set(arguments)

    def test_checkout_is_opened_as_it_is(self, lab_arguments, quiet_process):
        (quiet_process / "pyproject.toml").write_text('name = "scyfi-widgets"')
        (quiet_process / "notebooks").mkdir()
        (quiet_process / "notebooks" / notebooks.FIRST).write_text("mine")
        assert launch.main([]) == 0
        assert f"--ServerApp.root_dir={quiet_process / 'notebooks'}" in lab_arguments[0]
        assert os.listdir("notebooks") == [notebooks.FIRST]
        assert not Path(notebooks.COPIES).exists()

    def test_session_folder_is_gone_even_after_an_error(self, quiet_process, monkeypatch):
        from jupyterlab.labapp import LabApp

        def fail(argv):
            assert list(Path("runtime").iterdir())
            raise SystemExit(1)

        monkeypatch.setattr(LabApp, "launch_instance", fail)
        with pytest.raises(SystemExit):
            launch.main([])
        assert not list(Path("runtime").iterdir())

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
    def test_nobody_else_can_read_the_runtime_folder(self, lab_arguments, quiet_process):
        assert launch.main([]) == 0
        assert (quiet_process / "runtime").stat().st_mode & 0o077 == 0

    def test_ctrl_c_during_the_start(self, quiet_process, monkeypatch):
        def interrupt(folder):
            raise KeyboardInterrupt

        monkeypatch.setattr(launch, "_start_warming", interrupt)
        assert launch.main([]) == 130
        assert not list(Path("runtime").iterdir())


def a_mark(runtime: Path, pid: int, root: str = "/notebooks", age: float = 0.0) -> Path:
    folder = runtime / f"{session.PREFIX}{pid}"
    folder.mkdir(parents=True)
    mark = folder / session.MARK
    mark.write_text(json.dumps({"root_dir": root, "notebook": notebooks.FIRST}))
    then = mark.stat().st_mtime - age
    os.utime(mark, (then, then))
    return folder


def an_info(runtime: Path, pid: int, root: str = "/notebooks") -> None:
    info = {"pid": pid, "root_dir": root, "url": "http://localhost:9/", "token": "t", "port": 9}
    part = runtime / "part"
    part.write_text(json.dumps({**info, "hostname": "localhost", "base_url": "/"}))
    part.rename(runtime / f"jpserver-{pid}.json")


class TestFindRunning:
    @pytest.fixture
    def runtime(self, quiet_process, monkeypatch):
        monkeypatch.setattr(running, "answers", lambda info: True)
        folder = quiet_process / "runtime"
        folder.mkdir()
        return folder

    def test_crashed_start_is_ignored_and_removed(self, runtime):
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        folder = a_mark(runtime, ended.pid)
        an_info(runtime, ended.pid)
        assert running.find_running() is None
        assert not folder.exists()

    def test_other_program_with_the_same_number(self, runtime):
        a_mark(runtime, os.getpid(), age=3600)
        assert running.find_running() is None

    def test_other_jupyter_with_the_same_number(self, runtime):
        a_mark(runtime, os.getpid(), age=3600)
        an_info(runtime, os.getpid(), root="/elsewhere")
        assert running.find_running() is None

    def test_server_that_does_not_answer(self, runtime, monkeypatch):
        a_mark(runtime, os.getpid(), age=3600)
        an_info(runtime, os.getpid())
        monkeypatch.setattr(running, "answers", lambda info: False)
        assert running.find_running() is None

    def test_waits_for_one_that_is_starting(self, runtime):
        a_mark(runtime, os.getpid())
        later = threading.Timer(0.3, an_info, (runtime, os.getpid()))
        later.start()
        found = running.find_running()
        later.join()
        assert found is not None
        assert found.url == f"http://localhost:9/lab/tree/{notebooks.FIRST}?token=t"

    @pytest.mark.parametrize("content", ["", "[]", "{}", "null"])
    def test_unreadable_marks(self, runtime, content):
        (a_mark(runtime, os.getpid()) / session.MARK).write_text(content)
        (runtime / f"{session.PREFIX}name").mkdir()
        assert running.find_running() is None


class TestSecondStart:
    @pytest.fixture
    def opened(self, quiet_process, monkeypatch):
        """Let a server run, and return the list of the pages that a browser is sent to."""
        info = {"pid": 1, "url": "http://localhost:9/", "token": "t", "root_dir": "/notebooks"}
        first = running.RunningServer(info, notebooks.FIRST)
        monkeypatch.setattr(running, "find_running", lambda: first)
        pages = []
        monkeypatch.setattr(launch.webbrowser, "open", pages.append)
        return pages

    def test_opens_the_browser_on_the_first(self, opened, capsys):
        assert launch.main([]) == launch.ALREADY_RUNNING
        assert opened == [f"http://localhost:9/lab/tree/{notebooks.FIRST}?token=t"]
        assert opened[0] in capsys.readouterr().out

    def test_prefers_the_page_that_hides_the_token(self, opened, quiet_process):
        page = quiet_process / "runtime" / "jpserver-1-open.html"
        page.parent.mkdir()
        page.touch()
        assert launch.main([]) == launch.ALREADY_RUNNING
        assert opened == [page.as_uri()]

    def test_no_browser(self, opened):
        assert launch.main(["--no-browser"]) == launch.ALREADY_RUNNING
        assert opened == []

    def test_new_starts_another(self, opened, lab_arguments):
        assert launch.main(["--new"]) == 0
        assert len(lab_arguments) == 1
        assert opened == []


class TestAnswers:
    def test_nobody_listens(self, free_port):
        info = {"url": f"http://localhost:{free_port}/", "hostname": "localhost", "token": "t"}
        assert not running.answers(info)

    def test_wildcard_is_asked_on_this_machine(self):
        info = {
            "url": "http://name:8888/a/",
            "hostname": "0.0.0.0",
            "port": 8888,
            "base_url": "/a/",
        }
        assert running._local_url(info) == "http://127.0.0.1:8888/a/"


@pytest.fixture(scope="module")
def server(shared_jupyter):
    """Start the command beside a foreign kernel "python3" that Jupyter would prefer."""
    foreign = shared_jupyter.sub("foreign/kernels/python3") / "kernel.json"
    spec = {"argv": ["/nowhere/python"], "display_name": "foreign", "language": "python"}
    foreign.write_text(json.dumps(spec))
    shared_jupyter.env["JUPYTER_PATH"] = str(shared_jupyter.sub("foreign"))
    shared_jupyter.enable_extension()
    return shared_jupyter.start(COMMAND, "--no-browser")


@pytest.mark.slow
class TestRealStart:
    def test_serves_the_notebook(self, server):
        content = json.loads(server.request(f"/api/contents/{notebooks.FIRST}"))
        assert content["type"] == "notebook"
        assert b"jupyter-config-data" in server.request("/")
        assert f"/lab/tree/{notebooks.FIRST}?token=" in server.log
        assert "use TCP_NODELAY" in server.log

    def test_kernel_is_this_environment(self, server):
        spec = json.loads(server.request("/api/kernelspecs"))["kernelspecs"]["python3"]["spec"]
        assert spec["argv"][0] == sys.executable

    def test_no_question_about_news(self, server):
        path = "/lab/api/settings/@jupyterlab/apputils-extension:notification"
        schema = json.loads(server.request(path))["schema"]
        assert schema["properties"]["fetchNews"]["default"] == "false"

    def test_second_start_names_the_first(self, server, shared_jupyter):
        second = shared_jupyter.run(COMMAND, "--no-browser")
        assert second.returncode == launch.ALREADY_RUNNING
        info = server.info
        url = f"{info['url']}lab/tree/{notebooks.FIRST}?token={info['token']}"
        assert url in second.stdout
        assert "--stop" in second.stdout

    @pytest.mark.parametrize("how", ["ctrl-c", "--stop"])
    def test_stopping_leaves_nothing(self, how, jupyter):
        server = jupyter.start(COMMAND, "--no-browser")
        process = psutil.Process(server.process.pid)
        family = [process, *process.children(recursive=True)]
        if how == "ctrl-c":
            server.process.send_signal(signal.SIGINT)
        else:
            stopped = jupyter.run(COMMAND, "--stop")
            assert stopped.returncode == 0, stopped.stderr
        assert server.process.wait(30) == 0, server.log
        assert "Traceback" not in server.log
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []
        assert not list(jupyter.sub("runtime_dir").glob(f"{session.PREFIX}*"))
