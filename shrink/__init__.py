"""Shrink: neural-network compression from scratch. One module a topic; nets, data, training and plots are scaffolding."""
