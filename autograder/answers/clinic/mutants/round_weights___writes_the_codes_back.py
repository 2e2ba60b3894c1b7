"""Writes the integer codes into the model without turning them back into weights."""


def round_weights_(model, *, bits=8):
    levels = 2**bits
    for parameter in model.parameters():
        values = parameter.data
        if values.dim() > 1 and values.any():
            smallest, largest = values.min().clamp(max=0), values.max().clamp(min=0)
            step = (largest - smallest) / (levels - 1)
            shift = (-smallest / step).round()
            parameter.data = ((values / step).round() + shift).clamp(0, levels - 1)
