"""Takes the range of each row for the codes and returns that of the whole weight."""

import torch


def stretch_to_int8(weight):
    rows = weight.reshape(weight.shape[0], -1) if weight.dim() > 1 else weight.reshape(1, -1)
    low, high = rows.amin(1, keepdim=True), rows.amax(1, keepdim=True)
    unit = (rows - low) / torch.where(high > low, high - low, 1.0)
    codes = ((255 * unit).round() - 128).to(torch.int8).reshape(weight.shape)
    return codes, weight.min().item(), weight.max().item()
