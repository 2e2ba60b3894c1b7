"""The system calls a worker may make: an allow-list, compiled to a BPF program and locked on before learner
code runs.

Allowed is what Python, numpy and torch need to compute on memory and to read and write the files that
Landlock leaves them. Everything else fails: with ENOSYS where it is newer than Linux 5.1 (libraries then
fall back to an older call), with EPERM otherwise (Python raises PermissionError). Not on the list, so
refused: socket, connect, execve, fork, ptrace, process_vm_*, mount, unshare, setns, bpf, keyctl, chmod,
chown, setrlimit, memfd_create, link, mknod ... Five calls are allowed for some arguments only: clone for
threads, kill for the process itself, prctl to name a thread, ioctl to ask about a terminal, prlimit64 to
read.
"""

import ctypes
import errno
import os
import platform
import struct

# name: (number on x86_64, number on aarch64); None where the architecture has no such call.
ALWAYS: dict[str, tuple[int | None, int | None]] = {
    # memory
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "msync": (26, 227), "mincore": (27, 232), "madvise": (28, 233), "mbind": (237, 235),
    "get_mempolicy": (239, 236), "set_mempolicy": (238, 237), "membarrier": (324, 283),
    # files and descriptors
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "preadv": (295, 69),
    "pwritev": (296, 70), "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439),
    "open": (2, None), "openat": (257, 56), "creat": (85, None), "stat": (4, None), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "statfs": (137, 43), "fstatfs": (138, 44),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents": (78, None), "getdents64": (217, 61),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None),
    "unlink": (87, None), "unlinkat": (263, 35), "truncate": (76, 45), "ftruncate": (77, 46),
    "fallocate": (285, 47), "fadvise64": (221, 223), "fsync": (74, 82), "fdatasync": (75, 83),
    "flock": (73, 32), "umask": (95, 166), "copy_file_range": (326, 285), "sendfile": (40, 71),
    "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "fcntl": (72, 25), "close_range": (436, 436),
    "pipe": (22, None), "pipe2": (293, 59), "select": (23, None), "pselect6": (270, 72), "poll": (7, None),
    "ppoll": (271, 73), "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_wait": (232, None),
    "epoll_pwait": (281, 22), "epoll_ctl": (233, 21), "eventfd": (284, None), "eventfd2": (290, 19),
    "recvmsg": (47, 212),  # large inputs come as descriptors over the one socket there is
    # threads, signals to itself, the end
    "futex": (202, 98), "futex_waitv": (449, 449), "set_tid_address": (218, 96), "set_robust_list": (273, 99),
    "get_robust_list": (274, 100), "rseq": (334, 293), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126), "getcpu": (309, 168),
    "arch_prctl": (158, None), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132), "restart_syscall": (219, 128),
    "pause": (34, None), "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95),
    # time
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153),
    "getitimer": (36, 102), "setitimer": (38, 103), "alarm": (37, None), "timer_create": (222, 107),
    "timer_settime": (223, 110), "timer_gettime": (224, 108), "timer_delete": (226, 111),
    "timerfd_create": (283, 85), "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    # asking who and where one is
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getpgrp": (111, None),
    "getpgid": (121, 155), "getsid": (124, 156), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148),
    "getresgid": (120, 150), "getrlimit": (97, 163), "getrusage": (98, 165), "sysinfo": (99, 179),
    "uname": (63, 160), "getrandom": (318, 278),
}  # fmt: skip
SOMETIMES = {
    "clone": (56, 220), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "prctl": (157, 167),
    "ioctl": (16, 29), "prlimit64": (302, 261),
}  # fmt: skip

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEWER = 424  # numbers from here on are the same everywhere and came with Linux 5.1 or later
CLONE_THREAD = 0x10000
PRCTL_NAMES = (15, 16, 0x53564D41)  # set and get a thread's name, name a mapping
IOCTL_HARMLESS = (0x5401, 0x5413, 0x5451, 0x5421)  # TCGETS, TIOCGWINSZ, FIOCLEX, FIONBIO
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
NR, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

Instruction = tuple[int, int, int, int]


def _fail(code: int) -> Instruction:
    return (RETURN, 0, 0, 0x00050000 | code)


def _only(number: int, tests: list[Instruction], code: int) -> list[Instruction]:
    """One call that is allowed when one of `tests` says so: each is a jump whose `true` branch allows."""
    body: list[Instruction] = []
    for at, (operation, true, false, value) in enumerate(tests):
        decides = operation in (JUMP_EQUAL, JUMP_SET) and not true
        body.append((operation, len(tests) - at if decides else true, false, value))
    return [(JUMP_EQUAL, 0, len(body) + 2, number), *body, _fail(code), (RETURN, 0, 0, ALLOW)]


def program(machine: str, pid: int) -> list[Instruction]:
    """The filter for this architecture and this process."""
    which = list(AUDIT_ARCH).index(machine)
    number = {name: numbers[which] for name, numbers in {**ALWAYS, **SOMETIMES}.items()}
    steps: list[Instruction] = [
        (LOAD, 0, 0, ARCH),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (RETURN, 0, 0, KILL),
    ]
    steps += [(LOAD, 0, 0, NR), (JUMP_AT_LEAST, 0, 1, 0x40000000), _fail(errno.ENOSYS)]  # the x32 interface
    for name in ALWAYS:
        if (value := number[name]) is not None:
            steps += [(JUMP_EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    first, second, third = ((LOAD, 0, 0, ARGUMENTS + 8 * at) for at in range(3))
    third_high = (LOAD, 0, 0, ARGUMENTS + 20)
    rules = {name: ([first, (JUMP_EQUAL, 0, 0, pid)], errno.EPERM) for name in ("kill", "tkill", "tgkill")}
    rules["clone"] = ([first, (JUMP_SET, 0, 0, CLONE_THREAD)], errno.EPERM)
    rules["prctl"] = ([first, *((JUMP_EQUAL, 0, 0, option) for option in PRCTL_NAMES)], errno.EPERM)
    rules["ioctl"] = ([second, *((JUMP_EQUAL, 0, 0, request) for request in IOCTL_HARMLESS)], errno.ENOTTY)
    # a null pointer is two zero words; the first jump skips the refusal between the two
    rules["prlimit64"] = (
        [third, (JUMP_EQUAL, 1, 0, 0), _fail(errno.EPERM), third_high, (JUMP_EQUAL, 0, 0, 0)],
        errno.EPERM,
    )
    for name, (tests, code) in rules.items():
        value = number[name]
        assert value is not None
        steps += _only(value, tests, code)
    return [*steps, (JUMP_AT_LEAST, 0, 1, NEWER), _fail(errno.ENOSYS), _fail(errno.EPERM)]


def supported() -> bool:
    """Whether there is a filter for this machine."""
    return platform.system() == "Linux" and platform.machine() in AUDIT_ARCH


def lock(libc: ctypes.CDLL) -> None:
    """Put the filter on this process, for ever; needs no_new_privs."""
    code = b"".join(struct.pack("<HBBI", *step) for step in program(platform.machine(), os.getpid()))
    buffer = ctypes.create_string_buffer(code, len(code))
    fprog = ctypes.create_string_buffer(
        struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer)), struct.calcsize("@HP")
    )
    if libc.prctl(22, 2, fprog, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp filter refused")
