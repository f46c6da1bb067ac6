//! What the wheel says of itself agrees with what the build uses.

use crate::text;

fn of_makefile(name: &str) -> String {
    let makefile = text("Makefile");
    let line = makefile.lines().find_map(|line| line.strip_prefix(&format!("{name} := ")));
    line.unwrap_or_else(|| panic!("the Makefile has no {name}")).trim().to_owned()
}

#[test]
fn the_wheel_requires_the_torch_that_it_is_built_with() {
    let torch = of_makefile("TORCH");
    let (minor, _) = torch.rsplit_once('.').unwrap();
    let required = format!("\"{minor}.*\"");
    let packaging = text("pyproject.toml");
    assert!(packaging.contains(&required), "pyproject.toml does not require {required}");
    assert!(packaging.contains(&format!("\"{}\"", of_makefile("MINILM"))), "another model in pyproject.toml");
}

#[test]
fn the_documents_name_the_wheel_that_is_made() {
    let wheel = format!("sweep_lora-{}-py3-none-manylinux_2_28_x86_64.whl", env!("CARGO_PKG_VERSION"));
    for name in ["docs/wheel.md", "docs/deploy/environment.yml"] {
        assert!(text(name).contains(&wheel), "{name} does not name {wheel}");
    }
    for name in ["docs/wheel.md", "docs/deploy/Dockerfile"] {
        assert!(text(name).contains(&of_makefile("MINILM")), "another model in {name}");
    }
}
