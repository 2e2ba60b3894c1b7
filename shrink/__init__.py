"""Shrink: neural networks made small. One module a topic; nets, data, training and plots are scaffolding."""
