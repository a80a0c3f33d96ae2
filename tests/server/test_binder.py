"""The files that build the Binder image, checked without building it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scyfi_widgets.server import forking
from scyfi_widgets.server.sparing import SparingKernels

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
SCRIPTS = ("postBuild", "start")
EXTRAS = ("lab", "plot", "app")  # what the notebooks and the app need


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def pins() -> dict[str, Requirement]:
    lines = (BINDER / "requirements.txt").read_text("utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {pin.name.replace("_", "-").lower(): pin for pin in pinned}


def needed() -> list[Requirement]:
    extras = project()["optional-dependencies"]
    texts = project()["dependencies"] + [one for name in EXTRAS for one in extras[name]]
    return list({(found := Requirement(text)).name: found for text in texts}.values())


def numba_variables(script: str) -> dict[str, str]:
    text = (BINDER / script).read_text("utf-8")
    return dict(re.findall(r"^export (NUMBA_\w+)=(.*)$", text, re.MULTILINE))


@pytest.mark.parametrize("requirement", needed(), ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned_to_a_version_that_the_package_accepts(requirement):
    (version,) = pins()[requirement.name.lower()].specifier
    assert version.operator == "=="
    assert requirement.specifier.contains(version.version)


def test_every_pin_is_exact():
    for pin in pins().values():
        assert [part.operator for part in pin.specifier] == ["=="], pin


def test_python_is_one_that_the_package_and_repo2docker_accept():
    name, version = (BINDER / "runtime.txt").read_text("utf-8").strip().split("-")
    assert name == "python"
    # repo2docker's list; a version that is not in it builds something else.
    assert version in {"3.10", "3.11", "3.12", "3.13", "3.14"}
    assert Requirement(f"python{project()['requires-python']}").specifier.contains(f"{version}.0")


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_executable_bash(script):
    path = BINDER / script
    assert path.read_text("utf-8").startswith("#!/bin/bash\n")
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_kernels_are_compiled_and_run_for_the_same_cpu():
    expected = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": '""'}
    assert [numba_variables(script) for script in SCRIPTS] == [expected, expected]


def test_start_runs_the_server_that_it_is_given():
    script = [str(BINDER / "start"), sys.executable, "-c"]
    show = "import os; print(os.environ['NUMBA_CPU_NAME'], repr(os.environ['NUMBA_CPU_FEATURES']))"
    done = subprocess.run([*script, show], capture_output=True, text=True, check=True)
    assert done.stdout == "generic ''\n"


def test_nothing_is_installed_that_is_not_pinned():
    text = (BINDER / "postBuild").read_text("utf-8")
    (install,) = re.findall(r"^pip install .*$", text, re.MULTILINE)
    assert "--no-deps" in install
    assert "--no-build-isolation" in install  # else the newest build backend would be fetched
    (backend,) = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"][
        "requires"
    ]
    assert Requirement(backend).name in pins()
    # Not from the checkout's root: that would compile for the package of that folder.
    assert "cd notebooks\npython -m scyfi_widgets.warm\n" in text
    assert "set -euo pipefail" in text


def test_lock_takes_in_what_is_needed():
    text = (BINDER / "lock").read_text("utf-8")
    assert f'".[{",".join(EXTRAS)}]"' in text
    assert os.access(BINDER / "lock", os.X_OK)
    subprocess.run(["bash", "-n", str(BINDER / "lock")], check=True)


def test_start_opens_the_explorer_and_shares_memory():
    script = [str(BINDER / "start"), sys.executable, "-c"]
    show = "import os; print(os.environ['JUPYTER_CONFIG_PATH'], os.environ[VARIABLE])".replace(
        "VARIABLE", repr(forking.VARIABLE)
    )
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": "/before"}
    done = subprocess.run(
        [*script, show], capture_output=True, text=True, check=True, env=environment
    )
    paths, provisioner = done.stdout.split()
    assert paths.split(os.pathsep) == [str(BINDER / "jupyter"), "/before"]
    assert provisioner == forking.NAME
    settings = json.loads((BINDER / "jupyter/jupyter_server_config.json").read_text("utf-8"))
    assert {one["default_url"] for one in settings.values()} == {
        "/lab/tree/notebooks/01_explorer.ipynb"
    }
    manager = f"{SparingKernels.__module__}.{SparingKernels.__name__}"
    assert settings["ServerApp"]["kernel_manager_class"] == manager
    assert (ROOT / "notebooks/01_explorer.ipynb").is_file()
