"""Compares the features themselves instead of their attention maps."""

import torch.nn.functional as F


def attention_loss(student_features, teacher_features):
    if student_features.shape[2:] != teacher_features.shape[2:]:
        raise ValueError(f"student_features have size {tuple(student_features.shape[2:])}")
    return F.mse_loss(student_features, teacher_features)
