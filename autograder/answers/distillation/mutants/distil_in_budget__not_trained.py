"""Returns the student untrained."""


def distil_in_budget(student, teacher, images, labels, *, generator):
    return student.state_dict()
