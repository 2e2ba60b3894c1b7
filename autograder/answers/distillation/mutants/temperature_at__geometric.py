"""A constant factor a step."""


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return start * (end / start) ** (step / total)
