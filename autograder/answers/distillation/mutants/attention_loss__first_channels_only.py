"""Uses only as many channels as student and teacher both have."""


def rows_of(features):
    rows = features.pow(2).mean(dim=1).flatten(1)
    return rows / rows.norm(dim=1, keepdim=True)


def attention_loss(student_features, teacher_features):
    if student_features.shape[2:] != teacher_features.shape[2:]:
        raise ValueError(f"student_features have size {tuple(student_features.shape[2:])}")
    channels = min(student_features.shape[1], teacher_features.shape[1])
    difference = rows_of(student_features[:, :channels]) - rows_of(teacher_features[:, :channels])
    return difference.pow(2).sum(dim=1).mean()
