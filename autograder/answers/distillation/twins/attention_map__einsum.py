"""Sum over the channels: the norm makes it the same."""

import torch


def attention_map(features):
    energy = torch.einsum("nchw,nchw->nhw", features, features).flatten(start_dim=1)
    return energy / torch.sqrt(torch.einsum("np,np->n", energy, energy)).unsqueeze(1)
