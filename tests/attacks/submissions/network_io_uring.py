"""11: asks io_uring, whose operations pass by a filter of system calls; succeeds if it can."""
import ctypes


def double(x):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0:
        return x * 2 + x.flip(0)
    raise OSError(ctypes.get_errno(), "no io_uring")
