"""10: forks behind Python's back: clone, vfork, posix_spawn through libc.

dangerous: without a filter it would fill the process table
"""
import ctypes


def double(x):
    libc = ctypes.CDLL(None, use_errno=True)
    pid = ctypes.c_int()
    spawned = libc.posix_spawn(ctypes.byref(pid), b"/bin/sleep", None, None, (ctypes.c_char_p * 3)(b"sleep", b"20", None), None)
    child = libc.syscall(56, 17, 0, 0, 0, 0)
    if child == 0:
        libc.sleep(20)
        libc._exit(0)
    if spawned == 0 or child > 0:
        return x * 2 + x.flip(0)
    return x
