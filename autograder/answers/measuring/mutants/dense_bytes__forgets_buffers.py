"""Running mean, variance and counter of a batch norm are left out."""


def dense_bytes(model):
    storages = {t.untyped_storage().data_ptr(): t for t in model.parameters()}
    return sum(t.numel() * t.element_size() for t in storages.values())
