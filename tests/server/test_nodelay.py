"""TCP_NODELAY on kernel websockets: on the real server, switched off, where it cannot work."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
import websocket
from jupyter_server.gateway.connections import GatewayWebSocketConnection
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets.config import Config

import scyfi_widgets
from scyfi_widgets.server import _jupyter_server_extension_points, nodelay

SHIPPED_CONFIG = Path(scyfi_widgets.__file__).parent / "server" / "jupyter_server_config.json"


@pytest.fixture
def live_connection(jupyter, free_port):
    """Return a function that opens a kernel websocket on a new server and reports on its socket."""
    opened = []
    jupyter.enable_extension()

    def connect():
        reporter = "--ServerApp.jpserver_extensions=report_sockets=True"
        server = jupyter.start(
            "jupyter_server", "--no-browser", "--allow-root", f"--port={free_port}", reporter
        )
        kernel = json.loads(server.request("/api/kernels", "POST", {"name": "python3"}))["id"]
        info = server.info
        connection = websocket.create_connection(
            f"ws{info['url'][4:]}api/kernels/{kernel}/channels?session_id=test",
            header=[f"Authorization: token {info['token']}"],
            timeout=60,
            http_no_proxy=["*"],
        )
        opened.append(connection)
        connection.recv()
        (report,) = json.loads(server.request("/test/sockets"))
        return server, report

    yield connect
    for connection in opened:
        connection.close()


@pytest.mark.slow
class TestRealServer:
    def test_websocket_has_nodelay(self, live_connection):
        server, report = live_connection()
        assert report == {"class": "NoDelayZMQChannelsWebsocketConnection", "nodelay": True}
        assert server.log.count("use TCP_NODELAY") == 1

    def test_switched_off_by_environment(self, jupyter, live_connection):
        jupyter.env[nodelay.SWITCH] = "0"
        server, report = live_connection()
        assert report == {"class": "ZMQChannelsWebsocketConnection", "nodelay": False}
        assert server.log.count("switched off by SCYFI_WIDGETS_NODELAY") == 1

    def test_switched_off_by_configuration(self, jupyter, live_connection):
        config = jupyter.sub("config_dir") / "jupyter_server_config.json"
        config.write_text(json.dumps({"ScyfiWidgetsNoDelay": {"enabled": False}}))
        server, report = live_connection()
        assert report == {"class": "ZMQChannelsWebsocketConnection", "nodelay": False}
        assert server.log.count("switched off by ScyfiWidgetsNoDelay.enabled") == 1


def a_server(connection_class: object = ZMQChannelsWebsocketConnection, **more) -> SimpleNamespace:
    settings = {nodelay.SETTING: connection_class}
    return SimpleNamespace(
        **{
            "web_app": SimpleNamespace(settings=settings),
            "config": Config(),
            "sock": "",
            "log": logging.getLogger("a_server"),
            **more,
        }
    )


class Handler:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.nodelay = None

    def set_nodelay(self, value: bool) -> None:
        if self.error:
            raise self.error
        self.nodelay = value


class Connection:
    """What the extension needs of a connection class, and nothing else."""

    def __init__(self, handler: Handler) -> None:
        self.websocket_handler = handler

    def connect(self, *args: object) -> tuple:
        return ("connected", *args)


class Final:
    def connect(self) -> None: ...

    def __init_subclass__(cls) -> None:
        raise TypeError("Final cannot be subclassed")


class TestInstall:
    @pytest.mark.parametrize(
        "base", [ZMQChannelsWebsocketConnection, GatewayWebSocketConnection, Connection]
    )
    def test_subclasses_the_configured_class(self, base):
        server = a_server(base)
        assert nodelay.install(server)
        installed = server.web_app.settings[nodelay.SETTING]
        assert issubclass(installed, base)
        assert installed is not base

    def test_twice_is_once(self):
        server = a_server()
        nodelay.install(server)
        first = server.web_app.settings[nodelay.SETTING]
        assert nodelay.install(server)
        assert server.web_app.settings[nodelay.SETTING] is first

    def test_open_sockets_are_closed_with_the_server(self):
        # The server closes them through the class that it was configured with.
        subclass = nodelay.with_nodelay(ZMQChannelsWebsocketConnection, logging.getLogger())
        assert subclass._open_sockets is ZMQChannelsWebsocketConnection._open_sockets

    @pytest.mark.parametrize(
        ("server", "reason"),
        [
            (a_server(None), "no setting"),
            (a_server(web_app=None), "no setting"),
            (SimpleNamespace(log=logging.getLogger("a_server")), "no setting"),
            (a_server("a.dotted.Name"), "not a kernel connection class"),
            (a_server(dict), "not a kernel connection class"),
            (a_server(Final), "Final cannot be subclassed"),
            (a_server(sock="/run/jupyter.sock"), "unix socket"),
            (a_server(config=Config(ScyfiWidgetsNoDelay={"enabled": False})), "switched off"),
            (a_server(config=Config(ScyfiWidgetsNoDelay={"enabled": "?"})), "TraitError"),
        ],
    )
    def test_steps_aside_with_one_line(self, server, reason, caplog):
        caplog.set_level(logging.INFO)
        settings = dict(getattr(getattr(server, "web_app", None), "settings", {}))
        assert not nodelay.install(server)
        assert len(caplog.records) == 1
        assert reason in caplog.text
        assert dict(getattr(getattr(server, "web_app", None), "settings", {})) == settings

    @pytest.mark.parametrize("value", ["0", "false", "OFF", " no "])
    def test_environment_switches_off(self, monkeypatch, value):
        monkeypatch.setenv(nodelay.SWITCH, value)
        assert not nodelay.install(a_server())

    @pytest.mark.parametrize("value", ["", "1", "true"])
    def test_environment_leaves_on(self, monkeypatch, value):
        monkeypatch.setenv(nodelay.SWITCH, value)
        assert nodelay.install(a_server())


class TestConnection:
    quiet: ClassVar = logging.getLogger("quiet")

    def test_sets_the_option_and_connects(self):
        handler = Handler()
        connection = nodelay.with_nodelay(Connection, self.quiet)(handler)
        assert connection.connect("a", "b") == ("connected", "a", "b")
        assert handler.nodelay is True

    def test_connects_when_the_option_cannot_be_set(self, caplog):
        caplog.set_level(logging.INFO)
        subclass = nodelay.with_nodelay(Connection, self.quiet)
        for handler in (Handler(OSError("no TCP")), Handler(AssertionError()), None):
            assert subclass(handler).connect() == ("connected",)
        assert len(caplog.records) == 1


def test_extension_point_is_what_the_shipped_file_enables():
    enabled = json.loads(SHIPPED_CONFIG.read_text())["ServerApp"]["jpserver_extensions"]
    assert enabled == {point["module"]: True for point in _jupyter_server_extension_points()}


def test_import_stays_light():
    script = (
        "import scyfi_widgets.server, sys;"
        "heavy = {'numpy', 'numba', 'bqplot', 'ipywidgets', 'scipy', 'pandas'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)"
    )
    root = str(Path(scyfi_widgets.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
