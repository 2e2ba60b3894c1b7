"""numpy's unbuffered addition."""

import numpy as np
import torch


def confusion_matrix(predictions, targets, num_classes):
    confusion = np.zeros((num_classes, num_classes), dtype=np.int64)
    np.add.at(confusion, (targets.numpy(), predictions.numpy()), 1)
    return torch.from_numpy(confusion)
