"""Settings of all tests: one torch thread, no window for a plot, the longest files first."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads on shared cores run far slower than one
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as shrink does: nothing is sent, nothing kept at home

import pytest
import torch

torch.set_num_threads(1)

LONGEST = ("test_rooms_selfcheck.py", "test_notebooks.py", "test_class_scale.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file is one worker's, so what takes minutes begins first, and no worker waits for it at the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
