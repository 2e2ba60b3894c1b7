"""Bytes that strangers wrote, in a reduced form: 60 cases for each reader. `make fuzz` takes minutes."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tools.fuzz_targets import EDITS, TARGETS, mutated, outcome_of
from tools.rooms import ROOT

EDIT = st.tuples(st.sampled_from(EDITS), st.floats(0, 1), st.integers(0, 255))
FEW = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_not_changed_is_read(name: str) -> None:
    words = {outcome_of(TARGETS[name], seed) for seed in TARGETS[name].seeds()}
    assert "read" in words


@pytest.mark.parametrize("name", TARGETS)
def test_changed_bytes_are_read_or_refused(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()

    @FEW
    @given(st.sampled_from(seeds), st.lists(EDIT, min_size=1, max_size=6))
    def changed(seed: bytes, edits: Any) -> None:
        outcome_of(target, mutated(seed, edits))

    changed()


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_or_refused(name: str) -> None:
    target = TARGETS[name]

    @FEW
    @given(st.binary(max_size=200))
    @example(b"")
    @example(b"[" * 5000)
    @example(b"9" * 5000)
    def anything(data: bytes) -> None:
        outcome_of(target, data)

    anything()


def test_the_long_run_found_nothing_and_was_of_these_readers() -> None:
    recorded = json.loads((ROOT / "data" / "results" / "fuzz.json").read_text(encoding="utf-8"))
    targets = (ROOT / "tools" / "fuzz_targets.py").read_bytes()
    assert recorded["targets"] == hashlib.sha256(targets).hexdigest(), "run make fuzz"
    for way in ("mutated", "guided"):
        assert {name: part["faults"] for name, part in recorded[way].items() if part["faults"]} == {}
    assert set(recorded["mutated"]) == set(TARGETS)
