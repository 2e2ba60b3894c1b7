"""Prunes the model that was given and returns it."""


def sparse_copy(model, sparsity):
    for weight in model.parameters():
        if weight.dim() > 1:
            order = weight.abs().flatten().argsort()
            weight.data.view(-1)[order[: round(sparsity * len(order))]] = 0.0
    return model
