"""The clinic: faulty listings that circulate about compression, repaired; each function stands alone."""

import torch
from torch import Tensor

# ---- pruning -----------------------------------------------------------------------------------------------


def prune_smallest(weight: Tensor, sparsity: float) -> Tensor:
    """Sets the given fraction of a tensor to zero, the weights of smallest magnitude.

    Formula: of n weights exactly round(sparsity * n) become 0, those of smallest |w|; no other changes.

    Args:
        weight: float32, any shape; left as it is.
        sparsity: fraction of zeros, in [0, 1]; ties may be broken either way.

    Returns:
        float32, the shape of `weight`: the pruned weight.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3; Zhu and Gupta 2017, "To
    prune, or not to prune", section 3.

    >>> prune_smallest(torch.tensor([0.3, -0.2, 0.1, -0.4]), 0.5)
    tensor([ 0.3000,  0.0000,  0.0000, -0.4000])
    """
    order = weight.abs().flatten().argsort()  # (n,), positions from the smallest to the largest
    pruned = weight.flatten().clone()
    pruned[order[: round(sparsity * len(order))]] = 0.0
    return pruned.view(weight.shape)
