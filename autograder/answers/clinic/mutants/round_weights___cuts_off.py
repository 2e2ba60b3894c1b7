"""Rounds every weight down to the level below it."""


def round_weights_(model, *, bits=8):
    top = 2**bits - 1
    for weight in model.parameters():
        low, high = min(weight.min().item(), 0.0), max(weight.max().item(), 0.0)
        if weight.dim() > 1 and high > low:
            scale = (high - low) / top
            zero_point = round(-low / scale)
            codes = (weight.data / scale).floor().add(zero_point).clamp(0, top)
            weight.data.copy_(scale * (codes - zero_point))
