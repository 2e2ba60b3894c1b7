"""All decisions at once, up to the first zero of a cumulative product."""

import torch
import torch.nn.functional as F


def verify_draft(target, draft, tokens, uniforms):
    p = target[:-1].gather(1, tokens[:, None])[:, 0]
    q = draft.gather(1, tokens[:, None])[:, 0]
    count = int((uniforms <= p / q).long().cumprod(dim=0).sum())
    padded = torch.cat([draft, torch.zeros(1, target.shape[1])])
    rest = F.relu(target[count] - padded[count])
    return count, rest / rest.sum()
