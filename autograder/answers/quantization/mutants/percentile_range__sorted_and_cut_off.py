"""Takes the sorted value below the rank instead of interpolating."""


def percentile_range(x, *, coverage=0.999):
    values = sorted(x.flatten().tolist())
    tail = (1 - coverage) / 2
    return values[int(tail * (len(values) - 1))], values[int((1 - tail) * (len(values) - 1))]
