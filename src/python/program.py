"""Starts the program, which lies beside this file."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
PROGRAM = PACKAGE / "bin" / "sweep"


def environment():
    """Of this process; where torch lies in another folder of packages than we do, with the path to its libraries."""
    variables = dict(os.environ)
    if not (PACKAGE.parent / "torch" / "lib").is_dir():
        # Found, not imported: that would take seconds.
        spec = find_spec("torch")
        for folder in spec.submodule_search_locations or [] if spec else []:
            paths = [str(Path(folder) / "lib"), variables.get("LD_LIBRARY_PATH", "")]
            variables["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, paths))
    return variables


def main():
    """Becomes the program."""
    os.execve(PROGRAM, [str(PROGRAM), *sys.argv[1:]], environment())
