"""Removes whole neurons, so the layers no longer have their shapes."""


def prune_lenet(model, images, labels):
    state = {name: value.clone() for name, value in model.state_dict().items()}
    keep = state["1.weight"].abs().mean(dim=1).argsort(descending=True)[:20]
    state["1.weight"], state["1.bias"] = state["1.weight"][keep], state["1.bias"][keep]
    state["3.weight"] = state["3.weight"][:, keep]
    return state
