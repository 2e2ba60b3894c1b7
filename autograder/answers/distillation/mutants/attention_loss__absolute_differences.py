"""Sums absolute differences of the maps instead of squared ones."""


def rows_of(features):
    rows = features.pow(2).mean(dim=1).flatten(1)
    return rows / rows.norm(dim=1, keepdim=True)


def attention_loss(student_features, teacher_features):
    if student_features.shape[2:] != teacher_features.shape[2:]:
        raise ValueError(f"student_features have size {tuple(student_features.shape[2:])}")
    difference = rows_of(student_features) - rows_of(teacher_features)
    return difference.abs().sum(dim=1).mean()
