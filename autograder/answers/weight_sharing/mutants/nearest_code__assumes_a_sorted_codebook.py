"""Assumes that the codebook is sorted."""

import torch


def nearest_code(values, codebook):
    return torch.bucketize(values, (codebook[1:] + codebook[:-1]) / 2)
