"""Shrink: neural networks made small. One module a topic; nets, data, training and plots are scaffolding."""

import os

# ONNX Runtime, an oracle of one room, would report to its maker and write into the home folder.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
