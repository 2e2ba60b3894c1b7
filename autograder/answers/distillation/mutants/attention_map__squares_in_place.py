"""Squares the features that were passed in."""


def attention_map(features):
    rows = features.pow_(2).mean(dim=1).flatten(1)
    return rows / rows.norm(dim=1, keepdim=True)
