"""Double argsort gives each weight its rank; state dict loaded back."""

import copy


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    state = sparse.state_dict()
    for name, parameter in sparse.named_parameters():
        if parameter.ndim >= 2:
            flat = parameter.detach().flatten()
            ranks = (flat * flat).argsort().argsort()
            kept = flat.where(ranks >= round(sparsity * flat.numel()), flat.new_zeros(()))
            state[name] = kept.view(parameter.shape)
    sparse.load_state_dict(state)
    return sparse
