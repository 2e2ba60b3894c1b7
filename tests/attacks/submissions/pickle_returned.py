"""8: returns pickles, and objects that run code when they are unpickled."""
import os
import pickle


class Bomb:
    def __reduce__(self):
        return os.system, ("touch @OUTSIDE@/@MARK@-pickle",)


def double(x):
    return [pickle.dumps(Bomb()), Bomb(), {"state": Bomb()}]
