"""Does not divide the rest by its sum."""


def verify_draft(target, draft, tokens, uniforms):
    for at, token in enumerate(tokens.tolist()):
        if uniforms[at] * draft[at, token] > target[at, token]:
            rest = (target[at] - draft[at]).clamp(min=0)
            return (at, rest)
    return (len(tokens), target[-1].clone())
