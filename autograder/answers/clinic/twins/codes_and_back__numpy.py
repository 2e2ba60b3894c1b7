"""numpy, whole numbers in between."""

import numpy as np
import torch


def codes_and_back(weight, scale, zero_point):
    steps = np.rint(weight.numpy().astype(np.float64) / scale).astype(np.int64)
    codes = np.minimum(np.maximum(steps + zero_point, 0), 255)
    restored = ((codes - zero_point) * scale).astype(np.float32)
    return torch.from_numpy(codes.astype(np.uint8)), torch.from_numpy(restored)
