"""Set-up is quick when nothing changed, and repairs what an interruption left."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools import setup_env


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a fresh clone to the set-up."""
    (tmp_path / "requirements.lock").write_text("torch==2.14.1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for name, path in {"ROOT": "", "VENV": ".venv", "STAMP": ".venv/installed.sha256",
                       "UNFINISHED": ".cache/setup-unfinished"}.items():
        monkeypatch.setattr(setup_env, name, tmp_path / path)
    return tmp_path


@pytest.fixture
def steps(clone: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records the steps of a set-up in place of taking them."""
    taken: list[str] = []

    def run(*command: str | Path) -> None:
        words = [str(part) for part in command]
        taken.append("venv" if "venv" in words else "lock" if "--require-hashes" in words
                     else "project" if "-e" in words else words[-1])
        (clone / ".venv").mkdir(exist_ok=True)

    monkeypatch.setattr(setup_env, "run", run)
    monkeypatch.setattr(setup_env, "is_usable", lambda venv: venv.exists())
    return taken


def test_a_fresh_clone_gets_everything_and_the_second_time_nothing(steps: list[str]) -> None:
    setup_env.main()
    assert steps == ["venv", "lock", "project", "check"]
    setup_env.main()
    assert len(steps) == 4


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_file_is_installed_into_the_same_environment(
        clone: Path, steps: list[str], name: str) -> None:
    setup_env.main()
    (clone / name).write_text("changed\n")
    steps.clear()
    setup_env.main()
    assert steps == ["lock", "project", "check"]


def test_a_moved_clone_gets_a_new_environment(
        clone: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    setup_env.main()
    steps.clear()
    moved = clone / "elsewhere"
    moved.mkdir()
    for name in ("requirements.lock", "pyproject.toml"):
        (moved / name).write_bytes((clone / name).read_bytes())
    monkeypatch.setattr(setup_env, "ROOT", moved)
    setup_env.main()
    assert steps == ["venv", "lock", "project", "check"]


def test_an_interrupted_installation_starts_with_an_empty_environment(
        steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    recording = setup_env.run

    def interrupted(*command: str | Path) -> None:
        recording(*command)
        if steps[-1] == "lock":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(setup_env, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            setup_env.main()
    steps.clear()
    setup_env.main()
    assert steps == ["venv", "lock", "project", "check"]


def test_a_second_set_up_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = []

    def second() -> None:
        with setup_env.only_one(tmp_path / "lock", "another set-up"):
            order.append("second")

    with setup_env.only_one(tmp_path / "lock", "another set-up"):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.2)
        order.append("first")
    waiting.join(5)
    assert order == ["first", "second"]
    assert "another set-up is at work: waiting for it" in capsys.readouterr().out


def test_an_environment_whose_interpreter_is_gone_is_not_usable(tmp_path: Path) -> None:
    assert not setup_env.is_usable(tmp_path)
    python = setup_env.python_of(tmp_path)
    python.parent.mkdir()
    python.write_text("#!/nonexistent\n")
    python.chmod(0o755)
    assert not setup_env.is_usable(tmp_path)


def test_a_failing_step_says_what_to_do() -> None:
    with pytest.raises(SystemExit, match="Run `make setup` again"):
        setup_env.run(sys.executable, "-c", "raise SystemExit(3)")


def test_the_script_needs_nothing_installed() -> None:
    script = setup_env.ROOT / "tools" / "setup_env.py"
    probe = f"import runpy; runpy.run_path({str(script)!r}, run_name='probe')"
    subprocess.run([sys.executable, "-S", "-I", "-c", probe], check=True)
