"""Counts bits instead of bytes."""


def dense_bytes(model):
    storages = {t.untyped_storage().data_ptr(): t for t in [*model.parameters(), *model.buffers()]}
    return sum(8 * t.numel() * t.element_size() for t in storages.values())
