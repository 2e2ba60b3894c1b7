"""Detaches the student, so no gradient reaches it."""


def rows_of(features):
    rows = features.pow(2).mean(dim=1).flatten(1)
    return rows / rows.norm(dim=1, keepdim=True)


def attention_loss(student_features, teacher_features):
    if student_features.shape[2:] != teacher_features.shape[2:]:
        raise ValueError(f"student_features have size {tuple(student_features.shape[2:])}")
    difference = rows_of(student_features.detach()) - rows_of(teacher_features)
    return difference.pow(2).sum(dim=1).mean()
