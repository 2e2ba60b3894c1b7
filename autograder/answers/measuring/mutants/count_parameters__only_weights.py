"""Leaves out the biases."""


def count_parameters(model, *, nonzero=False):
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    return sum(int(p.count_nonzero()) if nonzero else p.numel() for p in weights)
