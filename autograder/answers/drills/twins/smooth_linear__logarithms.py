"""Powers by logarithms, in float64."""

import torch


def smooth_linear(weight, activation_max, *, alpha=0.5):
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}")
    heights = weight.abs().max(dim=0).values
    scales = torch.ones(weight.shape[1], dtype=torch.float64)
    alive = (activation_max != 0) & (heights != 0)
    high, low = activation_max[alive].double().log(), heights[alive].double().log()
    scales[alive] = (alpha * high - (1 - alpha) * low).exp()
    return (weight * scales).float(), scales.float()
