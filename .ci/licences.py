"""Writes the licences of everything that is a part of the program: the crates, Rust's standard library, and what zig links with it.

Usage: licences.py FILE ENVIRONMENT, where the Python environment has the package `ziglang`. Fails where a crate's licence is not one
of those that we accept, or where a text is not found.
"""

import html
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Whoever passes the program on has to keep their texts, and nothing else.
ACCEPTED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "Unicode-3.0", "Unlicense", "Zlib",
}  # fmt: skip

# A file whose name begins like this has a text, but not in folders with what is not compiled.
TEXT = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)([-._].*)?$", re.I)
APART = {"benches", "contrib", "doc", "docs", "examples", "fuzz", "programs", "test", "tests"}

# The licence of two that was not taken: the files of zstd are under LICENSE or COPYING, as one chooses.
NOT_TAKEN = {("zstd-sys", "zstd/COPYING")}

# Crates without a text at their top that are under this licence, for reasons that no rule below finds.
UNDER = {
    # MIT holds for src/thrift/varint only, where its text is.
    "polars-parquet-format": "Apache-2.0",
}


def accepted(expression, accepted=ACCEPTED):
    """Whether an SPDX expression, or one of the older form with `/` for "or", can be met with accepted licences."""
    tokens = re.findall(r"[()/]|[^\s()/]+", expression)

    def either():
        met = both()
        while tokens and tokens[0] in ("OR", "/"):
            tokens.pop(0)
            # Both sides are read, whatever the first says.
            met = both() or met
        return met

    def both():
        met = single()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = single() and met
        return met

    def single():
        token = tokens.pop(0)
        if token == "(":
            met = either()
            tokens.pop(0)
            return met
        if tokens and tokens[0] == "WITH":
            token = " ".join([token, tokens.pop(0), tokens.pop(0)])
        return token in accepted

    return either()


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def compiled_in():
    """The crates whose code becomes part of the program: neither what builds it nor what writes code for it."""
    host = re.search(r"^host: (.*)$", output("rustc", "-vV"), re.M)[1]
    metadata = json.loads(output("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host))
    known = {(package["name"], package["version"]): package for package in metadata["packages"]}
    # The metadata have what any feature could ask for; the tree has what is compiled.
    tree = output("cargo", "tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    found = {tuple(line.replace(" v", " ").split()[:2]) for line in tree.splitlines()}
    return [known[crate] for crate in sorted(found) if known[crate]["id"] not in metadata["workspace_members"]]


def texts(package):
    """The texts in a crate's folder by path, those at its top first."""
    top = Path(package["manifest_path"]).parent
    found = {}
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(set(folders) - APART)
        for name in sorted(files):
            path = (Path(folder) / name).relative_to(top).as_posix()
            # A module of Rust may be called so, too.
            if TEXT.match(name) and not name.endswith(".rs") and (package["name"], path) not in NOT_TAKEN:
                found[path] = (top / path).read_text(encoding="utf-8", errors="replace")
    if package["license_file"]:
        found[package["license_file"]] = (top / package["license_file"]).read_text(encoding="utf-8", errors="replace")
    return found


def of_crates(packages):
    """Each crate's texts; and what is wrong."""
    faults = []
    own = {package["id"]: texts(package) for package in packages}
    of_repository = {}
    for package in packages:
        at_top = [text for path, text in own[package["id"]].items() if "/" not in path]
        if at_top and package["repository"]:
            of_repository.setdefault(repository(package), at_top)
    standard = (ROOT / "LICENSE-APACHE").read_text()
    result = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        expression = package["license"]
        if not expression or not accepted(expression):
            faults.append(f"{name}: the licence {expression} is not one of those that are accepted")
            continue
        given = list(own[package["id"]].values())
        if not any("/" not in path for path in own[package["id"]]):
            if package["repository"] and repository(package) in of_repository:
                given += of_repository[repository(package)]
            elif accepted(UNDER.get(package["name"], expression), {"Apache-2.0"}):
                # Its text names nobody, so it is the same for all.
                given.append(standard)
            else:
                faults.append(f"{name}: no text of its licence {expression} is found")
                continue
        result.append((f"{name} ({expression})", given))
    return result, faults


def repository(package):
    """Where a crate comes from: the address without a folder in it."""
    return "/".join(package["repository"].removesuffix("/").removesuffix(".git").split("/")[:5])


def of_standard_library():
    """What Rust's distribution says of its standard library, and the texts of the parts of it."""
    page = Path(output("rustc", "--print", "sysroot").strip()) / "share/doc/rust/COPYRIGHT-library.html"
    if not page.exists():
        raise SystemExit(f"licences: {page} is missing: use Rust as rustup installs it")
    about, *parts = re.split(r"<h3>\S* ?(.*?)</h3>", page.read_text(encoding="utf-8"))
    about = html.unescape(re.sub(r"<[^>]*>", "", about.split('id="longer-version">')[-1]))
    about = re.sub(r"\n\s*\n+", "\n\n", re.sub(r"(?m)^[ \t]+", "", about)).strip()
    described = []
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        expression = html.unescape(re.search(r"<b>License:</b> (.*?)</p>", part)[1])
        given = [html.unescape(text) for text in re.findall(r"<pre>(.*?)</pre>", part, re.S)]
        described.append((f"{name} of Rust's standard library ({expression})", given))
    return about, described


def of_linker(environment):
    """What `zig cc` links with a program for glibc, and the texts that it brings."""
    parts = {
        "compiler-rt of zig (MIT)": "LICENSE",
        "start code of glibc (LGPL-2.1-or-later, with leave to link it with any program)": "lib/libc/glibc/LICENSES",
    }
    found = []
    for name, path in parts.items():
        texts = [text.read_text(encoding="utf-8") for text in Path(environment).glob(f"lib/python3*/site-packages/ziglang/{path}")]
        if not texts:
            raise SystemExit(f"licences: no text of {name} is found in {environment}: install the package ziglang there")
        found.append((name, texts))
    return found


def main(file, environment):
    crates, faults = of_crates(compiled_in())
    if faults:
        raise SystemExit("\n".join(f"licences: {fault}" for fault in faults))
    about, library = of_standard_library()
    # The same text once, whatever its lines' lengths are.
    of_text = defaultdict(list)
    as_written = {}
    for name, given in crates + library + of_linker(environment):
        for text in given:
            same = " ".join(text.split())
            as_written.setdefault(same, text.strip("\n"))
            if name not in of_text[same]:
                of_text[same].append(name)
    line = "=" * 100
    parts = [
        "The program `sweep` contains code of the crates below, of Rust's standard library, of zig and of glibc.\n"
        "Each text of a licence is followed by nothing but the next one; before it stands what it holds for.\n"
        "Where a licence gives a choice, all texts are here."
    ]
    parts += [f"{line}\nRust's standard library\n{line}\n\n{about}"]
    for same in sorted(of_text, key=lambda same: (-len(of_text[same]), of_text[same])):
        parts.append(f"{line}\n" + "\n".join(of_text[same]) + f"\n{line}\n\n{as_written[same]}")
    Path(file).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
