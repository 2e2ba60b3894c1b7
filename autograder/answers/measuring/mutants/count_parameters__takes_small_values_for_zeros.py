"""Takes very small values for zeros with nonzero=True."""


def count_parameters(model, *, nonzero=False):
    if nonzero:
        return sum(int((p.abs() > 1e-6).sum()) for p in model.parameters())
    return sum(p.numel() for p in model.parameters())
