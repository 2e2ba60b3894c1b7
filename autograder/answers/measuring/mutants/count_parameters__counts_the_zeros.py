"""With nonzero=True the zeros are counted instead of the others."""


def count_parameters(model, *, nonzero=False):
    if nonzero:
        return sum(int((p == 0).sum()) for p in model.parameters())
    return sum(p.numel() for p in model.parameters())
