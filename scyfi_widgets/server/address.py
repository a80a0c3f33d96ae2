"""Whether a server can listen at an address, said before JupyterLab fails on it."""

from __future__ import annotations

import errno
import os
import socket


def problem_with(ip: str, port: int | None) -> str | None:
    """Return one line that says why nothing can listen there and what to do, or None.

    Parameters
    ----------
    ip : str
        A name or an address of this machine; ``"*"`` means all of them.
    port : int or None
        The port, or None when any free one will do.
    """
    foreign = f"--ip {ip} is not an address of this machine"
    try:
        found = socket.getaddrinfo(
            None if ip == "*" else ip, port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError:
        return foreign
    errors = [_error_of_listening(*entry[:3], entry[4]) for entry in found]
    if errno.EADDRINUSE in errors:
        return (
            f"port {port} is used by another program: choose another with --port, "
            "or leave --port out to get a free one"
        )
    if errno.EACCES in errors:
        return f"port {port} is reserved for the system: choose one from 1024 to 65535"
    # A machine without IPv6 cannot use one of the two addresses of "localhost".
    return foreign if all(errors) else None


def _error_of_listening(family: int, kind: int, protocol: int, address: tuple) -> int:
    """Return the error number of binding to `address`, 0 for none."""
    try:
        with socket.socket(family, kind, protocol) as probe:
            if os.name != "nt":  # there, this option would share a port that is in use
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or errno.EIO
    return 0
