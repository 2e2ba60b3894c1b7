"""11: opens a socket by system call number and sends a datagram; succeeds if the kernel lets it."""
import ctypes
import platform


def double(x):
    libc = ctypes.CDLL(None, use_errno=True)
    number = 41 if platform.machine() == "x86_64" else 198
    if libc.syscall(number, 2, 2, 0) >= 0:
        return x * 2 + x.flip(0)
    raise OSError(ctypes.get_errno(), "no socket")
