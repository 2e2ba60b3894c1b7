"""A loop over Python floats."""

import math

import torch


def verify_draft(target, draft, tokens, uniforms):
    p, q, count = target.tolist(), draft.tolist(), 0
    for token, chance in zip(tokens.tolist(), uniforms.tolist(), strict=True):
        if chance > p[count][token] / q[count][token]:
            break
        count += 1
    if count == len(q):
        return count, torch.tensor(p[count])
    rest = [max(a - b, 0.0) for a, b in zip(p[count], q[count], strict=True)]
    return count, torch.tensor(rest) / math.fsum(rest)
