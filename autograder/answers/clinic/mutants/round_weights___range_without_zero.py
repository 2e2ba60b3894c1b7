"""Spans the levels from the smallest to the largest weight, also where zero lies outside."""


def round_weights_(model, *, bits=8):
    top = 2**bits - 1
    for weight in model.parameters():
        low, high = weight.min().item(), weight.max().item()
        if weight.dim() > 1 and high > low:
            scale = (high - low) / top
            codes = ((weight.data - low) / scale).round().clamp(0, top)
            weight.data.copy_(scale * codes + low)
