"""5: list, dict and int subclasses whose methods lie when they are looked at the second time."""


class Two(list):
    looks = 0

    def __iter__(self):
        Two.looks += 1
        return iter([0.0] * Two.looks)

    def __len__(self):
        return 5


class Number(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def double(x):
    return Two([Number(1)])
