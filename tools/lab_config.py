"""JupyterLab as `make lab` starts it: at the first lesson, the whole course in sight, no pop-ups."""

import os
from pathlib import Path

c = get_config()  # type: ignore[name-defined] # noqa: F821  (Jupyter defines it)
root = Path(__file__).resolve().parent.parent
first = sorted((root / "source").glob("[0-9][0-9]_*"))[:1]

c.ServerApp.root_dir = str(root)
# In containers everything runs as root; the server listens on loopback only.
c.ServerApp.allow_root = hasattr(os, "geteuid") and os.geteuid() == 0
c.LabApp.default_url = f"/lab/tree/lessons/{first[0].name}.ipynb" if first else "/lab"
c.LabApp.extension_manager = "readonly"  # the lock says what is installed
# The first start would ask whether official news are wanted; a choice made later in the settings stays.
answer = Path(os.environ.get("JUPYTERLAB_SETTINGS_DIR", root / ".cache" / "jupyter" / "settings"),
              "@jupyterlab", "apputils-extension", "notification.jupyterlab-settings")
if not answer.exists():
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.write_text('{"fetchNews": "false", "checkForUpdates": false}\n')
c.LanguageServerManager.autodetect = False  # it would start npm to look for servers
