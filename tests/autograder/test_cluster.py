"""Judging by Dask: the same units, whatever dies; nothing listens to other machines; SLURM's job script."""

import json
import sys
import urllib.parse
from pathlib import Path

import pytest

from autograder import cluster
from autograder.class_run import Order
from autograder.cluster import Cluster, difference, judges, read_options
from autograder.job import InfraError
from tests.autograder import fake_judge

ORDER = Order("01_toy")


def test_without_the_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(InfraError, match=r'pip install "shrink-course\[cluster\]"'),
        judges(ORDER, jobs=1, address="local"),
    ):
        pass


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "PATIENCE", "1s")
    with (
        pytest.raises(InfraError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        judges(ORDER, jobs=1, address="tcp://127.0.0.1:9"),
    ):
        pass


def test_killed_workers_cost_no_unit_and_poison_costs_itself(tmp_path: Path) -> None:
    """One worker process on this machine, killed four times in all; it listens on the loopback alone.

    Dask would blame each death on all that the worker had been given: the others must come back nevertheless.
    """
    distributed = pytest.importorskip("distributed")
    poison, once = tmp_path / "poison", tmp_path / "once"
    units = [("say", "a"), ("die", str(poison)), ("die once", str(once)), ("say", "b")]
    with cluster.local_cluster(1) as local, distributed.Client(local, set_as_default=False) as client:
        started = Cluster(client, ORDER)
        started.start = fake_judge.start_for
        assert started.hello() == b"hello"
        came = dict(started.run(units))  # type: ignore[arg-type]
        addresses = [local.scheduler_address, *client.scheduler_info()["workers"]]
    assert {urllib.parse.urlparse(address).hostname for address in addresses} == {"127.0.0.1"}
    assert came.pop(("die", str(poison))) is None  # type: ignore[call-overload]
    assert poison.read_text() == "xxx", "three tries"
    assert set(came.values()) == {b"a", b"b", b"survived"} and len(came) == 3


def test_the_slurm_job_is_as_asked(tmp_path: Path) -> None:
    """SLURM itself is not here: its job's script is what can be looked at."""
    pytest.importorskip("dask_jobqueue")
    file = tmp_path / "slurm.yaml"
    file.write_text(
        "queue: normal\naccount: course\nmemory: 6GB\nwalltime: '00:30:00'\ninterface: lo\n"
        "job_script_prologue: ['source /course/.venv/bin/activate']\n"
    )
    with cluster.slurm_cluster(read_options(file)) as slurm:
        script = slurm.job_script()
    for line in ("-p normal", "-A course", "--cpus-per-task=1", "--mem=6G", "-t 00:30:00"):
        assert f"#SBATCH {line}\n" in script
    assert "source /course/.venv/bin/activate" in script
    assert "distributed.cli.dask_worker tcp://" in script and "--nthreads 1" in script


def test_options_that_are_none_are_named(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(InfraError, match=r"options of the SLURM jobs are not right: .*colour"):
        cluster.slurm_cluster({"colour": "red", "interface": "lo"})
    file = tmp_path / "slurm.json"
    for text, words in (("[1]", "options by name"), ("{", "cannot be read as YAML or JSON")):
        file.write_text(text)
        with pytest.raises(ValueError, match=rf"slurm\.json .*{words}"):
            read_options(file)
    file.write_text('{"queue": "normal"}')
    assert read_options(file) == {"queue": "normal"}
    assert read_options(None) == {}


def test_workers_that_differ_are_named() -> None:
    ours = json.dumps({"level": "full", "version": "1"}).encode()
    other = {"sandboxes full and process": {"level": "process", "version": "1"}}
    other |= {
        "different versions": {"level": "full", "version": "2"},
        "no sandbox here": {"fault": "no sandbox here"},
    }
    for words, hello in other.items():
        assert words in difference(ours, json.dumps(hello).encode())
