"""What hatchling is told about the program in the wheel. `.ci/wheel.sh` has put it where this looks for it."""

import platform
import re
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ["sweep", "libsweep_tch.so"]
# Of torch's own wheels.
LEAST_GLIBC = 28


def glibc(path):
    """The lowest version of glibc with all symbols that a file needs: the second number."""
    symbols = subprocess.run(["objdump", "-T", path], check=True, capture_output=True, text=True).stdout
    return max((int(minor) for minor in re.findall(r"\(GLIBC_2\.(\d+)", symbols)), default=0)


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        built = Path(self.root) / "target/wheel/bin"
        files = [built / name for name in FILES]
        if not all(path.exists() for path in files):
            raise SystemExit("the program is not built: `make wheel` makes the wheel, there is no installation from source by pip")
        needed = max(LEAST_GLIBC, *map(glibc, files))
        build_data["tag"] = f"py3-none-manylinux_2_{needed}_{platform.machine()}"
        build_data["pure_python"] = False
        build_data["force_include"] |= {str(path): f"sweep_lora/bin/{path.name}" for path in files}
