"""Counts the zeros instead of the other values with nonzero=True."""


def count_parameters(model, *, nonzero=False):
    if nonzero:
        return sum(int((p == 0).sum()) for p in model.parameters())
    return sum(p.numel() for p in model.parameters())
