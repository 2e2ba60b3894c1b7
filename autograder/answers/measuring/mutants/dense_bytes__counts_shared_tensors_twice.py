"""Counts a shared tensor once under each of its names in the state dict."""


def dense_bytes(model):
    return sum(t.numel() * t.element_size() for t in model.state_dict().values())
