"""The repaired functions of the clinic against oracles, and the doctests."""

import doctest

import pytest
import torch
from torch.nn.utils import prune

from shrink import clinic


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(clinic).failed == 0


# ---- pruning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(7,), (4, 5), (2, 3, 4)])
def test_pruning_the_smallest_is_what_torch_calls_l1_unstructured(
    shape: tuple[int, ...], sparsity: float
) -> None:
    weight = random(*shape)
    mask = prune.L1Unstructured(amount=sparsity).compute_mask(weight, torch.ones_like(weight))
    assert torch.equal(clinic.prune_smallest(weight, sparsity), weight * mask)
