"""Takes the row of the last draft token after a whole draft."""


def verify_draft(target, draft, tokens, uniforms):
    for at, token in enumerate(tokens.tolist()):
        if uniforms[at] * draft[at, token] > target[at, token]:
            rest = (target[at] - draft[at]).clamp(min=0)
            return (at, rest / rest.sum())
    return (len(tokens), target[len(tokens) - 1].clone())
