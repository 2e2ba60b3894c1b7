"""Draws from p after a rejection, as if nothing had been rejected."""


def verify_draft(target, draft, tokens, uniforms):
    for at, token in enumerate(tokens.tolist()):
        if uniforms[at] * draft[at, token] > target[at, token]:
            rest = target[at]
            return (at, rest / rest.sum())
    return (len(tokens), target[-1].clone())
