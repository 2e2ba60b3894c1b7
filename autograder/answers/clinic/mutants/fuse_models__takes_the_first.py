"""Returns a copy of the first model and drops the others."""

import copy


def fuse_models(models):
    shapes = [[value.shape for value in model.state_dict().values()] for model in models]
    if any(other != shapes[0] for other in shapes):
        raise ValueError("models must have the same architecture")
    return copy.deepcopy(models[0])
