//! Tables of the reference, and the JSON Schema of sweep files, are those that the program has. With `SWEEP_UPDATE_DOCS=1` they
//! are written.

use sweep::search;
use sweep::spec::{self, Reference};

use crate::{root, text};

/// Puts `made` in place of the table that begins with the same line; or asserts that it stands there.
fn hold(page: &str, made: &str) {
    let content = text(page);
    if content.contains(&format!("\n{made}\n")) {
        return;
    }
    let head = made.lines().next().unwrap();
    let begin = content.find(&format!("\n{head}\n")).unwrap_or_else(|| panic!("{page} has no table {head}")) + 1;
    let end = begin + content[begin..].find("\n\n").map_or(content.len() - begin, |end| end + 1);
    assert!(updates(), "{page}: the table `{head}` is not the program's: SWEEP_UPDATE_DOCS=1 writes it");
    std::fs::write(root().join(page), format!("{}{made}{}", &content[..begin], &content[end..])).unwrap();
}

fn updates() -> bool {
    std::env::var_os("SWEEP_UPDATE_DOCS").is_some()
}

#[test]
fn the_reference_is_current() {
    hold("docs/sweep-file.md", &Reference::Sections.table());
    hold("docs/sweep-file.md", &Reference::Parameters.table());
    hold("docs/search.md", &Reference::Search.table());
    let schema = serde_json::to_string_pretty(&spec::schema(&search::method_names())).unwrap() + "\n";
    if updates() {
        std::fs::write(root().join("docs/sweep.schema.json"), &schema).unwrap();
    }
    assert!(text("docs/sweep.schema.json") == schema, "docs/sweep.schema.json is not what `sweep schema` prints");
}
