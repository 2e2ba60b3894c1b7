"""11: reaches another process over a Unix socket, by path and by abstract name; succeeds if it can."""
import socket


def double(x):
    for address in ("@OUTSIDE@/socket", "\0@MARK@"):
        try:
            socket.socket(socket.AF_UNIX).connect(address)
            return x * 2 + x.flip(0)
        except FileNotFoundError:
            continue
    return x
