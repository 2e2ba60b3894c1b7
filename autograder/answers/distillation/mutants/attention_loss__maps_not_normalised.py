"""Compares maps that were not divided by their L2 norm."""


def attention_loss(student_features, teacher_features):
    if student_features.shape[2:] != teacher_features.shape[2:]:
        raise ValueError(f"student_features have size {tuple(student_features.shape[2:])}")
    student = student_features.pow(2).mean(dim=1).flatten(1)
    teacher = teacher_features.pow(2).mean(dim=1).flatten(1)
    return (student - teacher).pow(2).sum(dim=1).mean()
