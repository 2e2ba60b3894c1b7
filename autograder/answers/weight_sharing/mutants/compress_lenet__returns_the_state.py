"""Returns a state dict instead of bytes."""


def compress_lenet(model, images, labels, *, generator):
    return {name: value * (value.abs() > 0.1) for name, value in model.state_dict().items()}
