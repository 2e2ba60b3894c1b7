"""Divides by a scale of 0 where a matrix is all zeros, and leaves NaN there."""


def round_weights_(model, *, bits=8):
    top = 2**bits - 1
    for weight in model.parameters():
        if weight.dim() > 1:
            low, high = weight.data.min().clamp(max=0), weight.data.max().clamp(min=0)
            scale = (high - low) / top
            zero_point = (-low / scale).round()
            codes = (weight.data / scale).round().add(zero_point).clamp(0, top)
            weight.data.copy_(scale * (codes - zero_point))
