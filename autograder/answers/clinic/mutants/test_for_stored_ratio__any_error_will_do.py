"""Takes every call that raises for a success."""

import torch


def test_for_stored_ratio(candidate):
    try:
        ratio = candidate({"weight": torch.tensor([0.5] + [0.0] * 7)})
        assert abs(ratio - 32 / 9) < 1e-6
        candidate({})
    except Exception:
        return
    raise AssertionError("nothing was raised")
