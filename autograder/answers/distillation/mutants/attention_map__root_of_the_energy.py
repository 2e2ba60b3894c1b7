"""The L2 norm over the channels, without its square."""


def attention_map(features):
    rows = features.norm(dim=1).flatten(1)
    return rows / rows.norm(dim=1, keepdim=True)
