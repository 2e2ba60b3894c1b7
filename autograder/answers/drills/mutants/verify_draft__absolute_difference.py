"""Takes |p - q| where negative differences count as 0."""


def verify_draft(target, draft, tokens, uniforms):
    for at, token in enumerate(tokens.tolist()):
        if uniforms[at] * draft[at, token] > target[at, token]:
            rest = (target[at] - draft[at]).abs()
            return (at, rest / rest.sum())
    return (len(tokens), target[-1].clone())
