"""Rounds to 8 bits, whatever is asked for."""


def round_weights_(model, *, bits=8):
    top = 255
    for weight in model.parameters():
        low, high = min(weight.min().item(), 0.0), max(weight.max().item(), 0.0)
        if weight.dim() > 1 and high > low:
            scale = (high - low) / top
            zero_point = round(-low / scale)
            codes = (weight.data / scale).round().add(zero_point).clamp(0, top)
            weight.data.copy_(scale * (codes - zero_point))
