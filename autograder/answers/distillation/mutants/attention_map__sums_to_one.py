"""Divided by the sum."""


def attention_map(features):
    rows = features.pow(2).mean(dim=1).flatten(1)
    return rows / rows.sum(dim=1, keepdim=True)
