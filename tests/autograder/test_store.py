"""The store: what was kept is there after any end, and a torn line is nobody's result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.store import InUse, Store, set_aside

FINE = {"status": "judged", "points": 1.5, "message": "é \n \u2028 \x00"}


def fill(folder: Path, count: int = 3) -> bytes:
    with Store(folder) as store:
        for number in range(count):
            store.append(f"key{number}", FINE | {"points": number})
    return (folder / "results.jsonl").read_bytes()


def test_results_are_there_again(tmp_path: Path) -> None:
    fill(tmp_path)
    with Store(tmp_path) as store:
        assert [store[f"key{number}"]["points"] for number in range(3)] == [0, 1, 2]
        assert store["key1"]["message"] == FINE["message"]
        assert "key3" not in store
        store.append("key1", FINE | {"points": 9})
        assert store["key1"]["points"] == 9
    with Store(tmp_path) as store:
        assert store["key1"]["points"] == 9, "the later line counts"


def test_a_fault_of_ours_does_not_hold(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.append("a", FINE | {"status": "infra_error"})
        assert "a" not in store and store["a"]["status"] == "infra_error"
        store.append("a", FINE)
        assert "a" in store
    with Store(tmp_path) as store:
        assert "a" in store


def test_a_line_torn_anywhere_loses_itself_alone(tmp_path: Path) -> None:
    whole = fill(tmp_path / "whole")
    last = whole.rindex(b"\n", 0, -1) + 1
    for number, cut in enumerate(range(last, len(whole), 7)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "results.jsonl").write_bytes(whole[:cut])
        with Store(folder) as store:
            assert set(store.places) == {"key0", "key1"}
            store.append("key2", FINE)
            assert store["key2"] == FINE
        with Store(folder) as store:
            assert set(store.places) == {"key0", "key1", "key2"} and not store.damaged


def test_a_damaged_line_is_counted_and_no_result(tmp_path: Path) -> None:
    whole = bytearray(fill(tmp_path))
    whole[whole.index(b'"points":1') + 9] = ord("7")
    (tmp_path / "results.jsonl").write_bytes(whole)
    with Store(tmp_path) as store:
        assert set(store.places) == {"key0", "key2"} and store.damaged == 1


def test_a_second_run_is_refused_and_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from autograder.store import Store
store = Store(Path({str(tmp_path)!r}))
print("open", flush=True)
sys.stdin.read()
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", program], cwd=Path(__file__).parent.parent.parent, env=os.environ,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None and holder.stdout.readline() == "open\n"
    with pytest.raises(InUse, match=rf"process {holder.pid}\) is using .*; let it end"):
        Store(tmp_path)
    holder.kill()
    holder.wait()
    Store(tmp_path).close()


def test_an_earlier_run_is_set_aside_never_lost(tmp_path: Path) -> None:
    assert set_aside(tmp_path) is None
    first = fill(tmp_path, 1)
    assert set_aside(tmp_path) == tmp_path / "results.1.jsonl"
    second = fill(tmp_path, 2)
    assert set_aside(tmp_path) == tmp_path / "results.2.jsonl"
    assert (tmp_path / "results.1.jsonl").read_bytes() == first
    assert (tmp_path / "results.2.jsonl").read_bytes() == second


def test_a_full_disk_keeps_the_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 1)
    write = os.write
    with Store(tmp_path) as store:
        monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[: len(data) // 2]))
        with pytest.raises(OSError, match="disk full"):
            store.append("b", FINE)
        monkeypatch.undo()
        store.append("c", FINE)
    with Store(tmp_path) as store:
        assert set(store.places) == {"key0", "c"} and not store.damaged
    assert all(json.loads(line.partition(b" ")[2]) for line in (tmp_path / "results.jsonl").open("rb"))
