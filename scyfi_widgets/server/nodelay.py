"""TCP_NODELAY for the kernel websocket, so that a dragged slider is answered at once.

Jupyter Server leaves Nagle's algorithm on: a small message to the browser may wait until the one
before it is acknowledged, tens of milliseconds that a person feels while dragging. The extension
replaces the configured connection class by a subclass which turns it off for each new connection.

It is switched off by the environment variable ``SCYFI_WIDGETS_NODELAY=0``, by
``c.ScyfiWidgetsNoDelay.enabled = False`` in a Jupyter configuration file, or by
``jupyter server extension disable scyfi_widgets.server``. Where it cannot work it logs one line and
leaves everything as it was: a kernel connection matters more than its speed.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from traitlets import Bool
from traitlets.config import Configurable

SETTING = "kernel_websocket_connection_class"
SWITCH = "SCYFI_WIDGETS_NODELAY"
_OFF = {"0", "false", "no", "off"}


class ScyfiWidgetsNoDelay(Configurable):
    """Settings of the extension, read from Jupyter's configuration files and command line."""

    enabled = Bool(True, help="Set TCP_NODELAY on the kernel websockets.").tag(config=True)


class StepAside(Exception):
    """TCP_NODELAY cannot or shall not be set on this server; the message says why."""


def install(serverapp: Any) -> bool:
    """Make the server's kernel websockets send without delay, where that is possible.

    Parameters
    ----------
    serverapp : jupyter_server.serverapp.ServerApp
        The running server, its web application already made.

    Returns
    -------
    bool
        True when kernel connections opened from now on get TCP_NODELAY. Never raises.
    """
    log = getattr(serverapp, "log", None) or logging.getLogger(__name__)
    try:
        settings, base = _configured_class(serverapp)
        settings[SETTING] = with_nodelay(base, log)
    except StepAside as reason:
        log.info("scyfi_widgets.server | kernel websockets left as they are: %s", reason)
        return False
    except Exception as error:
        log.warning("scyfi_widgets.server | kernel websockets left as they are: %r", error)
        return False
    log.info("scyfi_widgets.server | kernel websockets (%s) use TCP_NODELAY", base.__name__)
    return True


def _configured_class(serverapp: Any) -> tuple[dict[str, Any], type]:
    """Return the web application's settings and the connection class they hold."""
    if os.environ.get(SWITCH, "").strip().lower() in _OFF:
        raise StepAside(f"switched off by {SWITCH}")
    if not ScyfiWidgetsNoDelay(config=getattr(serverapp, "config", None)).enabled:
        raise StepAside("switched off by ScyfiWidgetsNoDelay.enabled")
    if getattr(serverapp, "sock", ""):
        raise StepAside("the server listens on a unix socket")
    settings = getattr(getattr(serverapp, "web_app", None), "settings", None)
    if not isinstance(settings, dict) or settings.get(SETTING) is None:
        raise StepAside(f"this server has no setting {SETTING}")
    base = settings[SETTING]
    if not isinstance(base, type) or not callable(getattr(base, "connect", None)):
        raise StepAside(f"{base!r} is not a kernel connection class")
    return settings, base


def with_nodelay(base: type, log: logging.Logger) -> type:
    """Return a subclass of `base` which sets TCP_NODELAY when it connects.

    Parameters
    ----------
    base : type
        A kernel websocket connection class; its instances have a ``websocket_handler``. Returned
        unchanged when it already is such a subclass.
    log : logging.Logger
        Where the first connection that cannot be changed is reported.
    """
    if getattr(base, "sets_nodelay", False):
        return base

    class NoDelayConnection(base):
        sets_nodelay = True
        failure_was_logged = False

        def connect(self, *args: Any, **kwargs: Any) -> Any:
            # Not earlier: Tornado sets the option back when it has answered the HTTP request that
            # becomes this websocket.
            try:
                self.websocket_handler.set_nodelay(True)
            except Exception as error:
                if not NoDelayConnection.failure_was_logged:
                    NoDelayConnection.failure_was_logged = True
                    log.info(
                        "scyfi_widgets.server | TCP_NODELAY not set on a kernel websocket: %r",
                        error,
                    )
            return super().connect(*args, **kwargs)

    NoDelayConnection.__name__ = f"NoDelay{base.__name__}"
    NoDelayConnection.__qualname__ = NoDelayConnection.__name__
    NoDelayConnection.__doc__ = f"{base.__name__} whose websocket sends without delay."
    return NoDelayConnection
