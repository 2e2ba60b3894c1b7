"""||a - b||^2 = 2 - 2 cos, for vectors of length 1."""

import torch.nn.functional as F


def attention_loss(student_features, teacher_features):
    if student_features.shape[-2:] != teacher_features.shape[-2:]:
        raise ValueError(f"student_features and teacher_features differ: {student_features.shape}")
    both = student_features, teacher_features.detach()
    rows = [features.square().sum(dim=1).flatten(1) for features in both]
    return (2 - 2 * F.cosine_similarity(*rows, dim=1)).mean()
