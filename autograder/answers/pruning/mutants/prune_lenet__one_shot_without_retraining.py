"""Prunes 92 % of each matrix at once and does not retrain."""


def prune_lenet(model, images, labels):
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for value in state.values():
        if value.dim() == 2:
            value[value.abs() <= value.abs().flatten().kthvalue(int(0.92 * value.numel())).values] = 0.0
    return state
