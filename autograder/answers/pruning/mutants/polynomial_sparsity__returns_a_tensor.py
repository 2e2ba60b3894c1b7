"""Returns a tensor instead of a float."""

import torch


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    progress = torch.tensor((step - start) / (end - start)).clamp(0, 1)
    return final + (initial - final) * (1 - progress) ** power
