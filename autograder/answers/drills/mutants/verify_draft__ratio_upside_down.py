"""Accepts with probability q / p instead of p / q."""


def verify_draft(target, draft, tokens, uniforms):
    for at, token in enumerate(tokens.tolist()):
        if uniforms[at] * target[at, token] > draft[at, token]:
            rest = (target[at] - draft[at]).clamp(min=0)
            return (at, rest / rest.sum())
    return (len(tokens), target[-1].clone())
