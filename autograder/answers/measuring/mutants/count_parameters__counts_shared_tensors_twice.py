"""Counts a shared parameter once under each of its names."""


def count_parameters(model, *, nonzero=False):
    names = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    tensors = [value for name, value in model.state_dict().items() if name in names]
    return sum(int(t.count_nonzero()) if nonzero else t.numel() for t in tensors)
