"""The state dict lists a tied tensor under each of its names."""


def dense_bytes(model):
    return sum(t.numel() * t.element_size() for t in model.state_dict().values())
