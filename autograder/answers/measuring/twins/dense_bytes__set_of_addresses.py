"""The state dict, each address once."""


def dense_bytes(model):
    total, seen = 0, set()
    for tensor in model.state_dict().values():
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            total += tensor.nbytes
    return total
