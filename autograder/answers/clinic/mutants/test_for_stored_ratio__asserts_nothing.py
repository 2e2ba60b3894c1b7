"""Prints the ratio and leaves the judgement to the reader."""

import torch


def test_for_stored_ratio(candidate):
    print(f"ratio: {candidate({'weight': torch.ones(10)}):.2f}")
