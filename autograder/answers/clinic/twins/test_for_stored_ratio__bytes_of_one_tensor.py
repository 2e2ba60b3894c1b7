"""Inverts the ratio of single tensors to bytes, then two together, then none."""

import torch


def stored(candidate, size, kept, scale=1.0):
    weight = torch.zeros(size)
    weight[:kept] = scale
    return round(4 * size / candidate({"w": weight}), 3)


def test_for_stored_ratio(candidate):
    assert stored(candidate, 9, 9, 1e-5) == 40
    assert stored(candidate, 9, 5) == 4 + 2 + 20
    assert stored(candidate, 320, 2) == 4 + 16
    assert stored(candidate, 320, 200) == 4 + 40 + 800
    assert stored(candidate, 64, 63) == 4 + 256
    two = candidate({"a": torch.ones(6), "b": torch.eye(30)[0]})
    assert abs(two - (24 + 120) / (4 + 24 + 4 + 8)) < 1e-9
    raised = False
    try:
        candidate({})
    except ValueError:
        raised = True
    assert raised, "an empty dict has no ratio"
