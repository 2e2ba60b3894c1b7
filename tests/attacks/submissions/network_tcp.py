"""11: connects to a server on this machine; succeeds if it can."""
import socket


def double(x):
    socket.create_connection(("127.0.0.1", @PORT@), timeout=2).close()
    return x * 2 + x.flip(0)
