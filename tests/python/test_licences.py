"""The script that collects the licences of what is compiled into the program."""

import importlib.util

import pytest

import sweeps

specification = importlib.util.spec_from_file_location("licences", sweeps.ROOT / ".ci/licences.py")
licences = importlib.util.module_from_spec(specification)
specification.loader.exec_module(licences)


@pytest.mark.parametrize(
    "expression, accepted",
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only/MIT", True),
        ("Apache-2.0 / MIT", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", True),
        ("(MIT OR Apache-2.0) AND MPL-2.0", False),
        ("MIT OR Apache-2.0 AND MPL-2.0", True),
        ("MPL-2.0 AND (MIT OR Apache-2.0) OR ISC", True),
    ],
)
def test_expressions(expression, accepted):
    assert licences.accepted(expression) == accepted


def crate(folder, name, licence, repository=None, files=()):
    for file in files:
        path = folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}: {file}\n")
    (folder / name).mkdir(exist_ok=True)
    manifest = str(folder / name / "Cargo.toml")
    fixed = {"id": name, "name": name, "version": "1.0.0", "license_file": None, "manifest_path": manifest}
    return fixed | {"license": licence, "repository": repository}


def test_texts_are_found(tmp_path):
    crates = [
        crate(tmp_path, "plain", "MIT", files=["LICENSE-MIT", "NOTICE", "src/licence.rs", "lib/COPYING.txt", "tests/data/LICENSE"]),
        crate(tmp_path, "one", "BSD-3-Clause", "https://example.org/a/b/tree/main/one", ["LICENSE"]),
        crate(tmp_path, "other", "BSD-3-Clause", "https://example.org/a/b.git"),
        crate(tmp_path, "apache", "MIT OR Apache-2.0"),
    ]
    found, faults = licences.of_crates(crates)
    assert faults == []
    apache = (sweeps.ROOT / "LICENSE-APACHE").read_text()
    assert found == [
        ("plain 1.0.0 (MIT)", ["plain: LICENSE-MIT\n", "plain: NOTICE\n", "plain: lib/COPYING.txt\n"]),
        ("one 1.0.0 (BSD-3-Clause)", ["one: LICENSE\n"]),
        ("other 1.0.0 (BSD-3-Clause)", ["one: LICENSE\n"]),
        ("apache 1.0.0 (MIT OR Apache-2.0)", [apache]),
    ]


def test_what_is_missing_is_told(tmp_path):
    crates = [
        crate(tmp_path, "copyleft", "GPL-3.0-only", files=["LICENSE"]),
        crate(tmp_path, "unsaid", None, files=["LICENSE"]),
        # The text of a part says nothing of the whole.
        crate(tmp_path, "bare", "MIT", "https://example.org/c/d", ["src/part/LICENSE"]),
        crate(tmp_path, "mixed", "MIT AND Apache-2.0"),
    ]
    found, faults = licences.of_crates(crates)
    assert [name for name, _ in found] == []
    assert faults == [
        "copyleft 1.0.0: the licence GPL-3.0-only is not one of those that are accepted",
        "unsaid 1.0.0: the licence None is not one of those that are accepted",
        "bare 1.0.0: no text of its licence MIT is found",
        "mixed 1.0.0: no text of its licence MIT AND Apache-2.0 is found",
    ]


def test_of_the_linker(tmp_path):
    zig = tmp_path / "lib/python3.11/site-packages/ziglang"
    (zig / "lib/libc/glibc").mkdir(parents=True)
    (zig / "LICENSE").write_text("of zig\n")
    with pytest.raises(SystemExit, match="no text of start code of glibc .* install the package ziglang"):
        licences.of_linker(tmp_path)
    (zig / "lib/libc/glibc/LICENSES").write_text("of glibc\n")
    assert [texts for _, texts in licences.of_linker(tmp_path)] == [["of zig\n"], ["of glibc\n"]]
