"""Writes the three layouts and measures them."""

import numpy as np


def stored_ratio(weights):
    if len(weights) == 0:
        raise ValueError("weights must hold at least one tensor")
    before, after = 0, 0
    for weight in weights.values():
        flat = weight.detach().numpy().astype("<f4").ravel()
        at = np.flatnonzero(flat).astype("<u4")
        packed = np.packbits(flat != 0).tobytes() + flat[at].tobytes()
        layouts = [flat.tobytes(), packed, at.tobytes() + flat[at].tobytes()]
        before += flat.nbytes
        after += len((len(flat)).to_bytes(4, "little")) + min(map(len, layouts))
    return before / after
