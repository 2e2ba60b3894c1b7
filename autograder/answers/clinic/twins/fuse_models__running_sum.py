"""A running sum of state dicts, loaded into a copy."""

import copy


def fuse_models(models):
    total = {name: value.clone() for name, value in models[0].state_dict().items()}
    for model in models[1:]:
        state = model.state_dict()
        if state.keys() != total.keys() or any(state[n].shape != total[n].shape for n in total):
            raise ValueError("all models need the same names and shapes")
        for name in total:
            if total[name].dtype.is_floating_point:
                total[name] += state[name]
    fused = copy.deepcopy(models[0])
    means = {n: v / len(models) if v.dtype.is_floating_point else v for n, v in total.items()}
    fused.load_state_dict(means)
    return fused
