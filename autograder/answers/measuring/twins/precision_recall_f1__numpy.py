"""numpy's division with a place to write to."""

import numpy as np
import torch


def precision_recall_f1(confusion):
    counts = confusion.numpy().astype(np.float64)
    hits, columns, rows = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    scores = np.zeros((len(counts), 3))
    for at, (part, whole) in enumerate(((hits, columns), (hits, rows), (2 * hits, columns + rows))):
        np.divide(part, whole, out=scores[:, at], where=whole > 0)
    return torch.from_numpy(scores.astype(np.float32))
