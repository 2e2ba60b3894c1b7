"""10: every task loops: after two time-outs the rest is not run, so that it costs seconds and not minutes.

others: lost
"""


def loop(*arguments, **options):
    while True:
        pass


double = pack = unpack = classify = prune = quantize = last = loop
