"""torch's own fake quantization, with the zero point as a shift of the limits."""

import torch


@torch.no_grad()
def round_weights_(model, *, bits=8):
    for weight in (p for p in model.parameters() if p.ndim >= 2):
        low, high = weight.clamp(max=0).amin(), weight.clamp(min=0).amax()
        scale = (high - low).div(2**bits - 1)
        if scale == 0:
            continue
        zero_point = int(torch.round(-low / scale))
        steps = torch.round(weight / scale)
        weight.copy_(steps.clamp(-zero_point, 2**bits - 1 - zero_point) * scale)
