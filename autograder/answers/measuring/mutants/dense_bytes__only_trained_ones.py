"""Leaves out frozen parameters."""


def dense_bytes(model):
    tensors = [*(p for p in model.parameters() if p.requires_grad), *model.buffers()]
    storages = {t.untyped_storage().data_ptr(): t for t in tensors}
    return sum(t.numel() * t.element_size() for t in storages.values())
