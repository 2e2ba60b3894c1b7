"""15: asks for a GPU that is not there."""


def double(x):
    return (x * 2 + x.flip(0)).to("cuda")
