"""Leaves the first layer dense, although it holds nine of ten weights."""


def prune_lenet(model, images, labels):
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for name in ("3.weight", "5.weight"):
        value = state[name]
        value[value.abs() <= value.abs().flatten().kthvalue(int(0.92 * value.numel())).values] = 0.0
    return state
