"""What people install is what pyproject.toml asks for, whichever of the three ways they take."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import lock

PROJECT = tomllib.loads((lock.ROOT / "pyproject.toml").read_text())["project"]
LOCK = lock.LOCK.read_text()
PINS = [Requirement(pin) for pin in lock.pins(LOCK)]
LOCKED = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in ("dev", "cluster"))]
ASKED = [Requirement(line) for group in LOCKED for line in group]
PLATFORMS = {
    f"{system} {python}": {
        "sys_platform": {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}[system],
        "platform_system": system,
        "os_name": "nt" if system == "Windows" else "posix",
        "platform_machine": {"Linux": "x86_64", "Darwin": "arm64", "Windows": "AMD64"}[system],
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    for system in ("Linux", "Darwin", "Windows") for python in ("3.11", "3.13")
}


def installed_on(platform: str) -> dict[str, str]:
    """Name and version of every pin whose marker holds there; no name may come twice."""
    held = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate(PLATFORMS[platform])]
    names = [canonicalize_name(pin.name) for pin in held]
    assert len(set(names)) == len(names)
    return {name: str(pin.specifier).removeprefix("==") for name, pin in zip(names, held, strict=True)}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_satisfies_every_requirement(platform: str) -> None:
    installed = installed_on(platform)
    for asked in ASKED:
        assert Version(installed[canonicalize_name(asked.name)]) in asked.specifier, asked


def test_every_pin_is_exact_and_hashed() -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK)[1:]
    assert len(blocks) == len(PINS) > 100
    for pin, block in zip(PINS, blocks, strict=True):
        assert re.fullmatch(r"==[^,*]+", str(pin.specifier)), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), pin


def test_the_torch_pair_is_the_one_the_numbers_were_measured_with() -> None:
    assert set(lock.MEASURED_WITH) <= {str(pin) for pin in PINS}


def test_no_address_and_no_path_of_a_machine_is_written_down() -> None:
    for text in (LOCK, lock.ENVIRONMENT.read_text()):
        assert not re.search(r"https?:|file:|--index|--extra-index|--find-links|@ |(^|\s)/\w", text)


def test_environment_yml_is_the_one_written_from_the_lock() -> None:
    python = lock.lowest_python((lock.ROOT / "pyproject.toml").read_text())
    assert lock.ENVIRONMENT.read_text() == lock.environment(LOCK, python)


def test_conda_brings_python_and_pip_and_pip_brings_the_pins_of_the_lock() -> None:
    content = yaml.safe_load(lock.ENVIRONMENT.read_text())
    assert set(content) == {"name", "channels", "dependencies"}
    assert content["channels"] == ["conda-forge"]
    python, pip, from_pip = content["dependencies"]
    assert (python, pip) == (f"python{PROJECT['requires-python']}", "pip")
    assert set(from_pip) == {"pip"}
    assert [Requirement(line) for line in from_pip["pip"]] == PINS


def test_an_environment_that_lags_behind_the_lock_is_noticed() -> None:
    changed = LOCK.replace("torch==2.14.1", "torch==2.14.2")
    assert lock.environment(changed, "3.11") != lock.ENVIRONMENT.read_text()


# Programs, and what other packages look for: no import of ours shows them.
USED_WITHOUT_IMPORT = {
    "jupyterlab": "make lab",
    "ipywidgets": "tqdm's bar in a notebook",
    "mypy": "make lint", "ruff": "make lint", "typos": "make lint",
    "onnxscript": "torch.onnx.export",
    "pre-commit": "CONTRIBUTING.md",
    "pytest-timeout": "pyproject.toml", "pytest-xdist": "make test",
    "setuptools": "pyproject.toml",
    "uv": "make lock",
}
IMPORTED_AS = {
    "dask-jobqueue": "dask_jobqueue", "pillow": "PIL", "prompt-toolkit": "prompt_toolkit", "pyyaml": "yaml",
}  # fmt: skip


def test_nothing_is_asked_for_that_nobody_uses() -> None:
    folders = ("shrink", "autograder", "interview", "tools", "tests", "source")
    code = "\n".join(path.read_text() for folder in folders for path in (lock.ROOT / folder).rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", code, re.MULTILINE))
    asked = {asked.name for asked in ASKED} - set(USED_WITHOUT_IMPORT)
    assert {name for name in asked if IMPORTED_AS.get(name, name) not in imported} == set()
