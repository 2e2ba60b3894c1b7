"""The same judgement through pytest's own report."""

import os
import subprocess
import sys
from pathlib import Path


def pytest_on(checks: Path, *arguments: str) -> str:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "autograder.plugin",
        "-c",
        "/dev/null",
        f"--rootdir={checks}",
    ]
    command += ["-p", "no:cacheprovider", "-rA", str(checks), *arguments]
    root, alone = Path(__file__).parents[2], {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=root, env=alone, capture_output=True, text=True, check=False).stdout


def test_a_submission_is_judged_check_by_check(toy_root: Path, tmp_path: Path) -> None:
    text = "def double(x):\n    return x * 2\n\n\ndef total(x):\n    raise NotImplementedError\n"
    (tmp_path / "ana.py").write_text(text)
    out = pytest_on(toy_root / "autograder" / "checks", "--submission", str(tmp_path / "ana.py"))
    assert "3 failed, 2 passed" in out, out
    assert "not_attempted: total is not written yet" in out
    assert "missing: descend_ is not defined" in out
    assert "Traceback" not in out


def test_without_a_submission_nothing_is_judged(toy_root: Path) -> None:
    assert "5 skipped" in pytest_on(toy_root / "autograder" / "checks")


def test_a_conftest_beside_the_submission_is_never_run(tmp_path: Path) -> None:
    """pytest took the folder after `--submission` for one of tests, before it knew the option."""
    (tmp_path / "conftest.py").write_text(f"open({str(tmp_path / 'was run')!r}, 'w')")
    (tmp_path / "toy.py").write_text("def double(x):\n    return x * 2\n")
    command = [sys.executable, "-m", "pytest", "autograder/checks/test_measuring.py", "--co", "-q"]
    root = Path(__file__).parents[2]
    for form, code in (([f"--submission={tmp_path}"], 0), (["--submission", str(tmp_path)], 4)):
        done = subprocess.run([*command, *form], cwd=root, capture_output=True, text=True, check=False)
        assert (done.returncode, (tmp_path / "was run").exists()) == (code, False), done.stdout + done.stderr
    assert "--submission=PATH" in done.stderr
