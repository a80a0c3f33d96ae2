"""A server extension for the tests: tells what TCP_NODELAY is on the live kernel websockets."""

from __future__ import annotations

import json
import socket

from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado import web


class SocketsHandler(APIHandler):
    @web.authenticated
    def get(self) -> None:
        report = []
        for connection in list(ZMQChannelsWebsocketConnection._open_sockets):
            raw = connection.websocket_handler.ws_connection.stream.socket
            report.append(
                {
                    "class": type(connection).__name__,
                    "nodelay": bool(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)),
                }
            )
        self.finish(json.dumps(report))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "report_sockets"}]


def _load_jupyter_server_extension(serverapp) -> None:
    serverapp.web_app.add_handlers(".*$", [("/test/sockets", SocketsHandler)])
