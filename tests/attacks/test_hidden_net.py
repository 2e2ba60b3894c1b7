"""A network hidden in the source: it counts as if it stood in the file. Nothing is trained here: what a
learner's `compress_lenet` and `decode_network` would return is put in their place.
"""

import base64
import random
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from autograder import grade
from autograder.job import Source
from autograder.rooms import find_room

ROOM = find_room("weight_sharing")
CHECK = next(check for check in ROOM.checks if check.id == "test_compress_lenet_result")


def judged(code: str, monkeypatch: pytest.MonkeyPatch) -> tuple[float, dict[str, float]]:
    """The fraction that a perfect net in a file of 1,000 bytes gets, sent in with this code."""
    module: Any = CHECK.verdict.__globals__  # type: ignore[attr-defined]
    eye = {f"{layer}.weight": torch.eye(10) for layer in ("1", "3", "5")}
    digits = {**eye, **{f"{layer}.bias": torch.zeros(10) for layer in ("1", "3", "5")}}
    session = SimpleNamespace(seed=7, source=Source((("ana.py", code),)))
    judge = grade.RoomJudge(session, CHECK, [])  # type: ignore[arg-type]
    order = torch.randperm(10, generator=torch.Generator().manual_seed(judge.seed))
    asked = iter([(torch.eye(10), torch.arange(10)), digits, (torch.eye(10), torch.arange(10))])
    monkeypatch.setattr(judge, "trusted", lambda scenario: next(asked))
    turned = {**digits, "5.weight": torch.eye(10)[order.argsort()]}
    monkeypatch.setitem(module, "compressed", lambda judge, *a, **k: (b"x" * 1000, turned, None))
    return float(CHECK.verdict(judge) or 0), judge.metrics


def test_code_of_a_usual_size_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    fraction, metrics = judged(ROOM.reference.cells[0][1], monkeypatch)
    assert (fraction, metrics["compression_ratio"]) == (1.0, 1066.44)


def test_a_net_in_the_source_counts_as_if_it_stood_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = base64.b85encode(random.Random(0).randbytes(120_000)).decode()
    fraction, metrics = judged(f"NET = {hidden!r}", monkeypatch)
    assert metrics["compression_ratio"] < 12
    assert fraction < 0.15
