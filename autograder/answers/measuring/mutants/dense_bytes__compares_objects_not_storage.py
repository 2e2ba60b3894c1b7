"""Two parameters that look at the same memory are counted twice."""


def dense_bytes(model):
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() * t.element_size() for t in tensors)
