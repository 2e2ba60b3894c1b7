"""Projects on the leading eigenvectors of W W^T."""

import torch


def low_rank_factors(weight, rank):
    if not 1 <= rank <= min(weight.shape):
        raise ValueError(f"rank must lie in 1 .. {min(weight.shape)}, got {rank}")
    exact = weight.double()
    _, vectors = torch.linalg.eigh(exact @ exact.T)
    left = vectors[:, -rank:]
    return left.float(), (left.T @ exact).float()
