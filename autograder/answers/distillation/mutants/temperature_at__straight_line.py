"""No cosine."""


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return start + (end - start) * step / total
