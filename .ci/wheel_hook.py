"""What hatchling is told about the program in the wheel. `.ci/wheel.sh` has put it where this looks for it."""

import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ["sweep", "libsweep_tch.so"]


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        root = Path(self.root)
        files = [root / "target/wheel/bin" / name for name in FILES]
        if not all(path.exists() for path in files):
            raise SystemExit("the program is not built: `make wheel` makes the wheel, there is no installation from source by pip")
        tag = subprocess.run([sys.executable, root / ".ci/manylinux.py", *files], stdout=subprocess.PIPE, text=True)
        if tag.returncode != 0:
            raise SystemExit("the program would not start on systems that the wheel is to be for")
        build_data["tag"] = f"py3-none-{tag.stdout.strip()}"
        build_data["pure_python"] = False
        build_data["force_include"] |= {str(path): f"sweep_lora/bin/{path.name}" for path in files}
