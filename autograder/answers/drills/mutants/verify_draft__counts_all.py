"""Counts accepted tokens behind a rejected one, too."""

import torch


def verify_draft(target, draft, tokens, uniforms):
    places = torch.arange(len(tokens))
    accepted = uniforms * draft[places, tokens] <= target[places, tokens]
    if bool(accepted.all()):
        return len(tokens), target[-1].clone()
    at = int(accepted.int().argmin())
    rest = (target[at] - draft[at]).clamp(min=0)
    return int(accepted.sum()), rest / rest.sum()
