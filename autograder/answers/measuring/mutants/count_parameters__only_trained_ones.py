"""Leaves out frozen parameters."""


def count_parameters(model, *, nonzero=False):
    trained = [p for p in model.parameters() if p.requires_grad]
    return sum(int(p.count_nonzero()) if nonzero else p.numel() for p in trained)
