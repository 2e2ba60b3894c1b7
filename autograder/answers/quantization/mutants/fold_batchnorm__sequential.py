"""Returns convolution and batch norm one behind the other instead of one convolution."""

import copy

from torch import nn


def fold_batchnorm(conv, bn):
    return nn.Sequential(copy.deepcopy(conv), copy.deepcopy(bn)).eval()
