"""12: raises the hidden inputs as a message of several pages; the report shows a few lines and no value of others."""


def double(x):
    raise ValueError("the input was " + repr(x.tolist()) * 1000)
