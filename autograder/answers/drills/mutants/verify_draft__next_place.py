"""Takes the rest at the place behind the rejected token."""


def verify_draft(target, draft, tokens, uniforms):
    for at, token in enumerate(tokens.tolist()):
        if uniforms[at] * draft[at, token] > target[at, token]:
            rest = (target[at + 1] - draft[at]).clamp(min=0)
            return (at, rest / rest.sum())
    return (len(tokens), target[-1].clone())
