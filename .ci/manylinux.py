"""Says the tag of a wheel with these files: for systems like RHEL 8, as torch's own wheels are.

Usage: manylinux.py FILE... Fails where a file needs what such a system lacks, and says what.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

# The newest versions of symbols there, of glibc and of the libraries of GCC 8.
NEWEST = {"GLIBC": (2, 28), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)}
UNNUMBERED = {"CXXABI_FLOAT128", "CXXABI_TM_1"}

# What every system has, and what torch has.
LIBRARIES = {
    "ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0",
    "librt.so.1", "libstdc++.so.6", "libutil.so.1",
    "libc10.so", "libtorch_cpu.so",
}  # fmt: skip


def too_new(symbols):
    """Whether a version of symbols, such as GLIBC_2.35, is of a newer system."""
    library, _, version = symbols.rpartition("_")
    if library in NEWEST and re.fullmatch(r"\d+(\.\d+)*", version):
        return tuple(map(int, version.split("."))) > NEWEST[library]
    return symbols not in UNNUMBERED


def lacking(file):
    """What a system like that lacks of what the file needs."""
    described = subprocess.run(["objdump", "-p", file], check=True, capture_output=True, text=True).stdout
    libraries = re.findall(r"^  NEEDED +(\S+)$", described, re.M)
    assert libraries, f"objdump says nothing of what {file} needs"
    versions = re.findall(r"^ +0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)$", described, re.M)
    return sorted(set(libraries) - LIBRARIES) + sorted(set(filter(too_new, versions)))


def main(files):
    faults = [f"manylinux: {Path(file).name} needs {need}" for file in files for need in lacking(file)]
    if faults:
        raise SystemExit("\n".join(faults))
    print("manylinux_{}_{}_{}".format(*NEWEST["GLIBC"], platform.machine()))


if __name__ == "__main__":
    main(sys.argv[1:])
