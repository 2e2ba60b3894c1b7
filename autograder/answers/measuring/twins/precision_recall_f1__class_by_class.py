"""A loop over the classes with true positives, false positives and false negatives."""

import torch


def precision_recall_f1(confusion):
    def share(part, whole):
        return part / whole if whole > 0 else 0.0

    rows = []
    for c in range(confusion.shape[0]):
        tp = int(confusion[c, c])
        fp, fn = int(confusion[:, c].sum()) - tp, int(confusion[c, :].sum()) - tp
        rows.append([share(tp, tp + fp), share(tp, tp + fn), share(2 * tp, 2 * tp + fp + fn)])
    return torch.tensor(rows, dtype=torch.float32)
