"""Normalises the features before comparing them, so that their scale is lost."""

import torch.nn.functional as F


def hint_loss(student_features, teacher_features, regressor):
    guess, wanted = regressor(student_features).flatten(1), teacher_features.detach().flatten(1)
    return F.mse_loss(F.normalize(guess), F.normalize(wanted))
