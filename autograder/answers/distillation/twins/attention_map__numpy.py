"""numpy."""

import numpy as np
import torch


def attention_map(features):
    values = features.detach().numpy().astype(np.float64)
    rows = (values**2).mean(axis=1).reshape(len(values), -1)
    return torch.from_numpy(rows / np.linalg.norm(rows, axis=1, keepdims=True)).float()
