"""Detaches the student's features, so no gradient reaches the student."""

import torch.nn.functional as F


def hint_loss(student_features, teacher_features, regressor):
    return F.mse_loss(regressor(student_features.detach()), teacher_features.detach())
