"""Leaves out buffers, such as the running statistics of batch norm."""


def dense_bytes(model):
    storages = {t.untyped_storage().data_ptr(): t for t in model.parameters()}
    return sum(t.numel() * t.element_size() for t in storages.values())
