"""torch.distributions knows the entropy, in nats."""

import math

import torch


def entropy_bits(symbols):
    if symbols.numel() == 0:
        return 0
    counts = symbols.unique(return_counts=True)[1]
    entropy = torch.distributions.Categorical(probs=counts.double()).entropy()
    return symbols.numel() * entropy.item() / math.log(2)
