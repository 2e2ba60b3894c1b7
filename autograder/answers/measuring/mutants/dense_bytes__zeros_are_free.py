"""Leaves out values that are zero."""


def dense_bytes(model):
    storages = {t.untyped_storage().data_ptr(): t for t in [*model.parameters(), *model.buffers()]}
    return sum(int(t.count_nonzero()) * t.element_size() for t in storages.values())
