"""Counts buffers, too, such as the running statistics of batch norm."""


def count_parameters(model, *, nonzero=False):
    tensors = [*model.parameters(), *model.buffers()]
    return sum(int(t.count_nonzero()) if nonzero else t.numel() for t in tensors)
