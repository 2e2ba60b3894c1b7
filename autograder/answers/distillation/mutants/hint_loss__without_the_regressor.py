"""Leaves out the regressor and compares the features as they are."""

import torch.nn.functional as F


def hint_loss(student_features, teacher_features, regressor):
    return F.mse_loss(student_features, teacher_features.detach())
