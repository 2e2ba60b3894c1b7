"""The doctor says what is missing, with the command that mends it, as root and as an ordinary user."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from autograder import doctor, sandbox, seccomp, walls
from tools import attacks


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What the doctor says on a made-up Linux machine."""

    def remedies(best: str | None, *, root: bool, bubblewrap: str | None, **settings: str) -> list[str]:
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(walls, "bubblewrap_program", lambda: bubblewrap)
        monkeypatch.setattr(sandbox, "landlock_version", lambda: 7)
        monkeypatch.setattr(seccomp, "supported", lambda: True)
        monkeypatch.setattr(doctor.os, "geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr(doctor.shutil, "which", lambda name: name if name == "dnf" else None)
        monkeypatch.setattr(doctor, "setting", lambda path: settings.get(path.rpartition("/")[2], "1000"))
        return list(doctor.remedies(best))

    return remedies


def test_when_everything_is_there_it_says_so(machine: Callable[..., list[str]]) -> None:
    assert machine("full", root=True, bubblewrap="/usr/bin/bwrap") == ["Nothing is missing."]


def test_what_is_missing_comes_with_its_command(machine: Callable[..., list[str]]) -> None:
    as_root = machine("full", root=True, bubblewrap=None)
    assert len(as_root) == 1
    assert as_root[0].startswith("missing: bubblewrap (a second") and as_root[0].endswith(
        ": dnf install bubblewrap"
    )
    restricted = {"apparmor_restrict_unprivileged_userns": "1", "max_user_namespaces": "0"}
    lines = machine("landlock", root=False, bubblewrap=None, **restricted)
    assert lines[0] == "missing: bubblewrap: sudo dnf install bubblewrap"
    assert "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" in lines[1]
    assert "sudo sysctl user.max_user_namespaces=10000" in lines[2]
    assert lines[3].startswith("In a container")


def test_every_level_that_works_for_root_works_for_an_ordinary_user() -> None:
    """Each level is started for real, with a job in it, as a user who has nothing but an id."""
    if attacks.users() != list(attacks.USERS):
        pytest.skip(
            "another user's id can be taken by root alone, where bubblewrap and setpriv are installed"
        )
    wall = attacks.guard(attacks.USERS[1]) or []
    command = [*wall, *attacks.as_user(attacks.USERS[1]), sys.executable, "-B", "-m", "autograder", "doctor"]
    done = subprocess.run(command, cwd=attacks.ROOT, capture_output=True, text=True, check=False)
    works = [line.partition(":")[0] for line in done.stdout.splitlines() if ": works" in line]
    expected = [
        "level full with bubblewrap",
        "level full with walls of its own",
        "level landlock",
        "level process",
    ]
    assert works == expected, done.stdout + done.stderr
