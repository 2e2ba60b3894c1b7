"""92 % of each matrix go at once, and nothing is learned afterwards."""


def prune_lenet(model, images, labels):
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for value in state.values():
        if value.dim() == 2:
            value[value.abs() <= value.abs().flatten().kthvalue(int(0.92 * value.numel())).values] = 0.0
    return state
