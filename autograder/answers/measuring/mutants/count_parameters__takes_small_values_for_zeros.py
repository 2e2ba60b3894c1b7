"""A weight of 1e-8 is not exactly 0, but is counted as if it were."""


def count_parameters(model, *, nonzero=False):
    if nonzero:
        return sum(int((p.abs() > 1e-6).sum()) for p in model.parameters())
    return sum(p.numel() for p in model.parameters())
