"""Counts four bytes for every value, whatever its dtype."""


def dense_bytes(model):
    storages = {t.untyped_storage().data_ptr(): t for t in [*model.parameters(), *model.buffers()]}
    return sum(4 * t.numel() for t in storages.values())
