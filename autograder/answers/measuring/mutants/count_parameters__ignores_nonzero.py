"""Ignores the option nonzero."""


def count_parameters(model, *, nonzero=False):
    return sum(p.numel() for p in model.parameters())
