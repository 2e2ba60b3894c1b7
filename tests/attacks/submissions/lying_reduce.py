"""5: an object with __array__, __reduce__ and __getattr__ that answer everything, also while it is sent."""


class Anything:
    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **options):
        return self

    def __array__(self, *arguments, **options):
        raise SystemExit

    def __reduce__(self):
        return exec, ("open('@OUTSIDE@/@MARK@-reduce', 'w')",)

    __iter__ = __len__ = __bool__ = __float__ = __index__ = None


def double(x):
    return Anything()
