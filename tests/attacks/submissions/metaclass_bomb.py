"""10: an exception class whose name, bases and attributes run code while the error is reported."""


class Meta(type):
    def mro(cls):
        return [cls, *ValueError.__mro__]

    def __getattribute__(cls, name):
        if name == "__name__":
            raise SystemExit
        return super().__getattribute__(name)


class Strange(ValueError, metaclass=Meta):
    pass


def double(x):
    raise Strange("x")
