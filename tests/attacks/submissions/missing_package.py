"""18: an accident: imports a package that nobody has, for plots it shows at home.

earns: all
"""
import a_package_that_nobody_has
from a_package_that_nobody_has import plots

plots.show()


def double(x):
    return x * 2 + x.flip(0)
