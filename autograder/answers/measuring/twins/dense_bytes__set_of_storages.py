"""The bytes of each storage that some tensor of the model looks at."""


def dense_bytes(model):
    sizes = {}
    for tensor in [*model.parameters(), *model.buffers()]:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
    return sum(sizes.values())
