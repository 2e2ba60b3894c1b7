"""Uses one range for all matrices of the model."""


def round_weights_(model, *, bits=8):
    top = 2**bits - 1
    weights = [weight for weight in model.parameters() if weight.dim() > 1]
    low = min(min(weight.min().item() for weight in weights), 0.0)
    high = max(max(weight.max().item() for weight in weights), 0.0)
    if high > low:
        scale = (high - low) / top
        zero_point = round(-low / scale)
        for weight in weights:
            codes = (weight.data / scale).round().add(zero_point).clamp(0, top)
            weight.data.copy_(scale * (codes - zero_point))
