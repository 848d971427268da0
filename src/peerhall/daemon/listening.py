"""The socket a server listens on, opened before anything else so that a taken port is told at once."""

import socket


class ListenError(Exception):
    """The address to listen on cannot be had; the message says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; ListenError when it cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise ListenError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Try another with --port."
        ) from error


def address_of(listening: socket.socket) -> str:
    """Host and port as they stand in a URL."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
