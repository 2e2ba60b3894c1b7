"""The instructor's secret: whoever lacks it cannot tell the inputs that marks are given on."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def secret(path: Path) -> bytes:
    """The secret in this file, made on first use and readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret.")  # made with mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(32))
            with contextlib.suppress(FileExistsError):  # another process was quicker: its secret counts
                os.link(name, path)
        finally:
            os.unlink(name)
    found = path.read_bytes()
    if len(found) < 16:
        raise ValueError(f"{path} is too short for a secret; delete it, and a new one is made")
    return found
