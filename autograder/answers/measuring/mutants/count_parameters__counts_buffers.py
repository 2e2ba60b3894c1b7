"""A batch norm's running statistics are counted as parameters."""


def count_parameters(model, *, nonzero=False):
    tensors = [*model.parameters(), *model.buffers()]
    return sum(int(t.count_nonzero()) if nonzero else t.numel() for t in tensors)
