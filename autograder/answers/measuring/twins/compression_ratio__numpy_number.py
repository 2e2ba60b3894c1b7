"""numpy's division, and a check by name."""

import numpy as np


def compression_ratio(original_bytes, compressed_bytes):
    for name, value in {"original_bytes": original_bytes, "compressed_bytes": compressed_bytes}.items():
        if not value > 0:
            raise ValueError(f"{name} = {value} is not positive")
    return np.divide(original_bytes, compressed_bytes)
