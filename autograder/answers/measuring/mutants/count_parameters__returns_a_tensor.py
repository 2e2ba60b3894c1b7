"""Returns a tensor instead of an int with nonzero=True."""


def count_parameters(model, *, nonzero=False):
    if nonzero:
        return sum(p.count_nonzero() for p in model.parameters())
    return sum(p.numel() for p in model.parameters())
