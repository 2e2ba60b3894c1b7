"""Run a notebook in a fresh kernel of this interpreter, and keep what it prints small and repeatable."""

# mypy: allow-untyped-calls
import base64
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from PIL import Image
from traitlets import default

from tools.excerpt import BuildError

PNG_BYTES = 60_000
NOTEBOOK_BYTES = 400_000
PRINTED_LINES = 20
CODE_LINES = 25
CELL_SECONDS = 300

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
ADDRESS = re.compile(r"\b0x[0-9a-f]{8,}\b")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class OwnKernel(AsyncKernelManager):
    """A kernel of the running interpreter: a kernelspec that the user installed may start another one."""

    @default("kernel_spec_manager")
    def _specs(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def settle_environment(root: Path) -> None:
    """Let Jupyter, IPython and matplotlib write below the clone's ``.cache``, or where the caller says."""
    cache = root / ".cache"
    for name, folder in {
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter/config",
        "JUPYTER_DATA_DIR": "jupyter/data",
        "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
        "MPLCONFIGDIR": "matplotlib",
    }.items():
        Path(os.environ.setdefault(name, str(cache / folder))).mkdir(parents=True, exist_ok=True)


def execute(notebook: NotebookNode, folder: Path, where: str) -> NotebookNode:
    """Run every cell in a fresh kernel that works in `folder`; outputs are normalised in place."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        kernel_manager_class=OwnKernel,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of loopback TCP at every start
        timeout=CELL_SECONDS,
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    fixed = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "TQDM_DISABLE": "1"}
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    try:
        client.execute(env={**os.environ, **fixed, **inline})
    except CellExecutionError as error:
        raise BuildError(f"{where}: {ANSI.sub('', str(error)).strip()}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise BuildError(f"{where}: {error}") from None
    normalise(notebook)
    return notebook


def normalise(notebook: NotebookNode) -> None:
    """Drop what differs from run to run or from machine to machine, and make pictures light."""
    notebook.metadata["kernelspec"] = dict(KERNELSPEC)
    notebook.metadata["language_info"] = dict(LANGUAGE)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output["metadata"] = {}
            picture = output.get("data", {}).get("image/png")
            if picture:
                output["data"]["image/png"] = base64.b64encode(_light(base64.b64decode(picture))).decode()


def _light(png: bytes) -> bytes:
    """The same picture in fewer bytes: re-encoded, and with a palette of 256 colours where that helps."""
    with Image.open(io.BytesIO(png)) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    best = png
    for candidate in (flat, flat.quantize(256, dither=Image.Dither.NONE)):
        file = io.BytesIO()
        candidate.save(file, "PNG", optimize=True)
        best = min(best, file.getvalue(), key=len)
    return best


def problems(notebook: NotebookNode, root: Path) -> Iterator[str]:
    """Everything about a committed notebook that style.md forbids, one sentence each."""
    size = len(nbformat.writes(notebook).encode())
    if size > NOTEBOOK_BYTES:
        yield f"the notebook takes {size / 1000:.0f} KB, at most {NOTEBOOK_BYTES / 1000:.0f} are allowed"
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            yield from (f"cell {number} ({cell.id}): {text}" for text in _cell_problems(cell, root))


def _cell_problems(cell: NotebookNode, root: Path) -> Iterator[str]:
    printed = ""
    for output in cell.outputs:
        data = output.get("data", {})
        text = output.get("text", "") + ("" if data.keys() - {"text/plain"} else data.get("text/plain", ""))
        printed += text if text.endswith("\n") or not text else text + "\n"
        if output.output_type == "error":
            yield f"it ended in {output.ename}"
        if output.get("name") == "stderr":
            yield f"it writes to stderr: {output.text.strip().splitlines()[-1][:100]}"
        for kind in data:
            if kind.startswith("image/") and kind != "image/png":
                yield f"pictures are PNG, not {kind}"
        picture = len(base64.b64decode(data.get("image/png", "")))
        if picture > PNG_BYTES:
            yield f"its picture takes {picture / 1000:.0f} KB, at most {PNG_BYTES / 1000:.0f} are allowed"
    if printed.count("\n") > PRINTED_LINES:
        yield f"it prints {printed.count(chr(10))} lines, at most {PRINTED_LINES} are allowed"
    if str(root) in printed:
        yield "its output names a folder of the machine that built it"
    if ADDRESS.search(printed):
        yield f"its output holds a memory address, {ADDRESS.search(printed)[0]}"  # type: ignore[index]
