"""Gradescope without Gradescope: the archive unpacked as it would be, one submission run, its results read.

Reduced: the environment is this one instead of what setup.sh installs, and the submission holds two of the
room's tasks.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import gradescope
from tools.rooms import ROOT

SAMPLES = ROOT / "tests" / "autograder" / "samples"
WORK = '''"""One right answer, one that reads what it should not."""

import os
import pathlib


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight.abs() > threshold


def taylor_scores(weight, grad):
    found = []
    for place in (BASE + "/source/secret", BASE + "/source/shrink/pruning.py", BASE + "/results"):
        try:
            found.append(pathlib.Path(place).read_bytes() if place[-1] != "s" else os.listdir(place))
        except OSError:
            pass
    raise RuntimeError(f"{len(found)} found: {found}")
'''


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    return gradescope.pack("02_pruning", folder / "02_pruning.zip", secret_file=folder / "secret")


@pytest.fixture
def base(archive: Path, tmp_path: Path) -> Path:
    """What /autograder is there: the archive in source, its runner beside it, a venv, empty folders."""
    base = tmp_path / "autograder"
    for name in ("source", "submission", "results", "venv/bin"):
        (base / name).mkdir(parents=True)
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            path = Path(packed.extract(entry, base / "source"))
            path.chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(base / "source" / "run_autograder", base / "run_autograder")
    python = base / "venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    shutil.copy(SAMPLES / "gradescope_metadata.json", base / "submission_metadata.json")
    return base


def run(base: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [base / "run_autograder"], cwd=base, env={**os.environ, "AUTOGRADER": str(base), **environment},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def test_the_archive_holds_what_gradescope_asks_for_and_nothing_more(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        modes = {one.filename: one.external_attr >> 16 for one in packed.infolist()}
        names, dates = packed.namelist(), {one.date_time for one in packed.infolist()}
    assert {"setup.sh", "run_autograder", "room", "secret", "source/02_pruning/"} <= set(names)
    assert len(dates) == 1, "the same course gives the same bytes"
    assert modes["run_autograder"] & 0o111 and modes["setup.sh"] & 0o111 and not modes["secret"] & 0o077
    assert not [name for name in names if name.startswith(("solutions", "tests", ".", "data/cache"))]
    assert len({name.casefold() for name in names}) == len(names)
    for script in (gradescope.SETUP, gradescope.RUN):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_a_submission_becomes_results(base: Path) -> None:
    (base / "submission" / "pruning.py").write_text(WORK.replace("BASE", repr(str(base))))
    done = run(base)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((base / "results" / "results.json").read_text())
    scores = {name: sum(test["score"] for test in results["tests"] if test["tags"] == [name])
              for name in ("threshold_mask", "taylor_scores", "neuron_mask")}  # fmt: skip
    assert scores == {"threshold_mask": 3.0, "taylor_scores": 0.0, "neuron_mask": 0.0}
    assert results["score"] == 3.0
    if results["extra_data"]["sandbox"] != "process":
        assert "0 found: []" in results["output"], "the secret, the library or the results could be read"
    assert "seed" not in json.dumps(results)


def test_a_fault_writes_no_results_and_says_why_in_the_log(base: Path) -> None:
    (base / "submission" / "pruning.py").write_text("x = 1\n")
    (base / "results" / "results.json").write_text("{}")  # of a run before
    (base / "source" / "secret").write_bytes(b"short")
    done = run(base)
    assert done.returncode == 3
    assert "not judged, a fault of the judge" in done.stdout and "too short" in done.stdout
    assert not (base / "results" / "results.json").exists()
