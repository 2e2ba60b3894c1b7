"""3: an import hook and path entries that answer for numpy, torch and the scaffolding."""
import importlib.abc
import sys
import types


class Hook(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        sys.modules[name] = types.ModuleType(name)
        return None


sys.meta_path.insert(0, Hook())
sys.path.insert(0, "@COURSE@")
sys.path_hooks.clear()


def double(x):
    import shrink.vault

    return shrink.vault.double(x)
