"""Settings of all tests: one torch thread, and no window for a plot."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads on shared cores run far slower than one
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as shrink does: nothing is sent, nothing kept at home

import torch

torch.set_num_threads(1)
