//! Keeps the rules of direction that `src/lib.rs` states, and the sizes that keep files readable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[path = "architecture/code.rs"]
mod code;
#[path = "architecture/imports.rs"]
mod imports;

use imports::{Imports, circles};

/// Longest source file, in lines.
const LONGEST_FILE: usize = 400;

/// Which modules of the crate each module may name.
const MAY_USE: [(&str, &[&str]); 29] = [
    // Of the program, before anything else runs.
    ("working_folder", &[]),
    ("words", &[]),
    ("base64", &[]),
    ("exit_code", &[]),
    ("hub_name", &[]),
    ("model_files", &[]),
    ("own_cache", &[]),
    ("replace_file", &[]),
    ("split_mix", &[]),
    ("this_program", &[]),
    ("libtorch", &["exit_code", "this_program"]),
    ("spec", &["metrics", "words"]),
    ("metrics", &["split_mix", "words"]),
    ("event", &["metrics", "spec", "words"]),
    ("hub", &["base64", "hub_name", "model_files", "own_cache", "replace_file", "this_program", "words"]),
    ("data", &["model_files", "own_cache", "replace_file", "spec", "words"]),
    ("model", &["hub_name", "libtorch", "own_cache", "replace_file", "spec", "split_mix", "words"]),
    ("task", &["data", "metrics"]),
    ("train", &["data", "event", "metrics", "model", "spec", "task", "words"]),
    ("store", &["replace_file", "event", "metrics", "spec", "task", "train", "words"]),
    ("search", &["metrics", "spec", "words"]),
    ("import", &["spec", "words"]),
    (
        "execute",
        &["event", "exit_code", "libtorch", "metrics", "search", "spec", "store", "this_program", "train", "words"],
    ),
    (
        "inference",
        &["model_files", "data", "hub", "metrics", "model", "report", "spec", "store", "task", "train", "words"],
    ),
    ("launch", &["exit_code", "replace_file", "store", "words"]),
    ("tracking", &["base64", "event", "hub", "metrics", "spec", "store", "words"]),
    // Of `train` the types of what it leaves in files.
    (
        "report",
        &["hub_name", "replace_file", "event", "metrics", "spec", "store", "task", "tracking", "train", "words"],
    ),
    ("dashboard", &["event", "metrics", "report", "spec", "store", "task", "words"]),
    (
        "cli",
        &[
            "dashboard",
            "data",
            "event",
            "execute",
            "exit_code",
            "hub",
            "import",
            "inference",
            "launch",
            "libtorch",
            "metrics",
            "model",
            "replace_file",
            "report",
            "search",
            "spec",
            "store",
            "task",
            "this_program",
            "tracking",
            "train",
            "words",
        ],
    ),
];

/// The torch executor ties scheduling to training, so it may also name what is trained on.
const TORCH_EXECUTOR: (&str, &[&str]) = ("execute/torch", &["data", "hub", "model", "task"]);

/// Where libtorch may be used: folders end with `/`.
const MAY_USE_TCH: [&str; 7] =
    ["model/", "task/", "train/", "data/batches.rs", "execute/torch.rs", "execute/torch/", "inference/predictor.rs"];

/// Folders (and files) in which files still import each other in a circle. None is to be added; a line goes when its circles
/// are broken.
const STILL_IN_CIRCLES: [&str; 0] = [];

struct Source {
    /// Relative to `src`, with `/`.
    path: String,
    /// All lines.
    lines: usize,
    /// Without comments, strings and tests.
    code: String,
}

impl Source {
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    assert!(!found.is_empty());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let relative = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        Source { path: relative, lines: text.lines().count(), code: code(&text) }
    };
    found.into_iter().map(read).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What counts for the rules: unit tests may look anywhere.
fn code(text: &str) -> String {
    const TEST: &str = "#[cfg(test)]\n";
    let bare = code::bare(text);
    let mut rest = bare.as_str();
    let mut kept = String::new();
    // Only at the beginning of a line: what a macro makes for tests stays.
    let begins =
        |rest: &str| rest.match_indices(TEST).map(|(at, _)| at).find(|&at| at == 0 || rest.as_bytes()[at - 1] == b'\n');
    while let Some(at) = begins(rest) {
        let (before, item) = (&rest[..at], &rest[at + TEST.len()..]);
        kept.push_str(before);
        let (line, _) = item.split_once('\n').unwrap_or((item, ""));
        let end = if line.ends_with(';') { Some(line.len()) } else { item.find("\n}").map(|end| end + "\n}".len()) };
        rest = &item[end.unwrap_or(item.len())..];
    }
    kept.push_str(rest);
    kept
}

fn is_test(source: &Source) -> bool {
    source.path.ends_with("/tests.rs") || source.path.contains("/tests/")
}

/// The modules of the crate that code names: `crate::x`, `crate::{x, y::Z}`, `sweep::x`.
fn named_modules(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (position, _) in code.match_indices("crate::") {
        let rest = &code[position + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(group_heads(group)),
            None => named.push(identifier(rest)),
        }
    }
    named.retain(|name| !name.is_empty());
    named
}

/// The first names of a brace group: `a, b::{c, d}, e}` gives a, b, e.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut start) = (0, Vec::new(), 0);
    for (position, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                heads.push(identifier(group[start..position].trim()));
                break;
            }
            ',' if depth == 0 => {
                heads.push(identifier(group[start..position].trim()));
                start = position + 1;
            }
            _ => {}
        }
    }
    heads
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn names_tch(code: &str) -> bool {
    ["tch", "torch_sys"].iter().any(|name| {
        code.match_indices(name).any(|(position, _)| {
            let before = code[..position].chars().next_back();
            let after = &code[position + name.len()..];
            let alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"');
            alone && (after.starts_with("::") || after.starts_with(';') || after.starts_with(" as "))
        })
    })
}

#[test]
fn modules_depend_in_one_direction() {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !is_test(source)) {
        let module = source.module();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some(allowed) = rules.get(module) else {
            wrong.push(format!("{}: module `{module}` has no rule here and none in src/lib.rs", source.path));
            continue;
        };
        let extra: &[&str] = if source.path.starts_with(TORCH_EXECUTOR.0) { TORCH_EXECUTOR.1 } else { &[] };
        for named in named_modules(&source.code) {
            let is_module = rules.contains_key(named.as_str());
            let may = named == module || allowed.contains(&named.as_str()) || extra.contains(&named.as_str());
            if is_module && !may {
                wrong.push(format!("{}: `{module}` must not know `{named}`", source.path));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cure for a circle: what both files need moves into a file of its own below them.
#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    let counted = sources.iter().filter(|source| !is_test(source));
    let imports = Imports::read(counted.map(|source| (source.path.as_str(), source.code.as_str())));
    assert!(imports.lost().is_empty(), "these imports could not be followed: {:#?}", imports.lost());
    let edges = imports.edges();
    let circles = circles(&edges);
    let known =
        |circle: &[&str]| STILL_IN_CIRCLES.iter().find(|known| circle.iter().all(|file| file.starts_with(**known)));
    let wrong: Vec<String> = circles
        .iter()
        .filter(|circle| known(circle).is_none())
        .flatten()
        .map(|file| {
            let circle = circles.iter().find(|circle| circle.contains(file)).unwrap();
            let to: Vec<&&str> = edges[file].iter().filter(|to| circle.contains(*to)).collect();
            format!("{file} imports {to:?}")
        })
        .collect();
    assert!(wrong.is_empty(), "these files import each other in a circle:\n{}", wrong.join("\n"));
    let left: Vec<&&str> = circles.iter().filter_map(|circle| known(circle)).collect();
    let broken: Vec<&&str> = STILL_IN_CIRCLES.iter().filter(|known| !left.contains(known)).collect();
    assert!(broken.is_empty(), "no circle is left there, take them out of STILL_IN_CIRCLES: {broken:?}");
}

#[test]
fn circles_are_seen_through_re_exports() {
    let circles = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
        let files: Vec<(&str, String)> = files.iter().map(|(path, text)| (*path, code(text))).collect();
        let imports = Imports::read(files.iter().map(|(path, code)| (*path, code.as_str())));
        let found = circles(&imports.edges());
        found.into_iter().map(|circle| circle.into_iter().map(str::to_owned).collect()).collect()
    };
    let lib = ("lib.rs", "pub mod a;\npub mod b;");
    let a = ("a/mod.rs", "mod inner;\npub use inner::{self, Thing as Other};\npub use crate::b::*;");
    let uses_b = ("a/inner.rs", "use crate::{b, words::X};\npub struct Thing;\nfn f() -> b::B { b::make() }");
    let uses_a = ("b.rs", "use crate::a::Other;\npub struct B;\npub fn make() {}");
    assert_eq!(circles(&[lib, a, uses_b, uses_a]), [["a/inner.rs", "b.rs"]]);
    let through_path = ("b.rs", "pub struct B(\n    crate::a::Other,\n);\npub fn make() {}");
    assert_eq!(circles(&[lib, a, uses_b, through_path]), [["a/inner.rs", "b.rs"]]);
    let through_glob = ("a/inner.rs", "pub struct Thing(super::B);");
    assert_eq!(circles(&[lib, a, through_glob, uses_a]), [["a/inner.rs", "b.rs"]]);
    let through_parent =
        [("lib.rs", "mod c;"), ("c/mod.rs", "mod d;\nfn f() { d::g() }"), ("c/d.rs", "fn g() { super::f() }")];
    assert_eq!(circles(&through_parent), [["c/d.rs", "c/mod.rs"]]);
    let says_nothing = ("b.rs", "pub struct B;\npub fn make() { print(\"crate::a::Other\") }");
    assert!(circles(&[lib, a, uses_b, says_nothing]).is_empty(), "only declared, re-exported or said");
    let knows_module = ("b.rs", "use crate::a;\npub struct B;\npub fn make() {}");
    assert!(circles(&[lib, a, uses_b, knows_module]).is_empty(), "nothing of the module is used");
}

#[test]
fn libtorch_stays_where_tensors_are() {
    let may = |path: &str| {
        MAY_USE_TCH.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
    };
    let sources = sources();
    let wrong: Vec<&str> = sources
        .iter()
        .filter(|source| !is_test(source) && !may(&source.path) && names_tch(&source.code))
        .map(|source| source.path.as_str())
        .collect();
    assert!(wrong.is_empty(), "these must not use tch: {wrong:?}");
}

/// Another family is another file there and a line in its list.
#[test]
fn families_are_named_in_their_own_files_only() {
    let named = |code: &str| {
        let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let names = ["bert", "roberta", "xlmroberta", "distilbert"];
        words.map(|word| word.replace('_', "").to_lowercase()).any(|word| names.contains(&word.as_str()))
    };
    assert!(named("match family { Family::DistilBert => 1 }") && named("fn xlm_roberta()") && !named("BertNormalizer"));
    // The tokenizers' library has modules of these names.
    let without_library =
        |code: &str| code.lines().filter(|line| !line.starts_with("use tokenizers::")).collect::<Vec<_>>().join("\n");
    let sources = sources();
    let outside = sources.iter().filter(|source| !is_test(source) && !source.path.starts_with("model/family/"));
    let wrong: Vec<&str> =
        outside.filter(|source| named(&without_library(&source.code))).map(|source| source.path.as_str()).collect();
    assert!(wrong.is_empty(), "these must ask a property of the family instead of naming it: {wrong:?}");
}

#[test]
fn files_stay_readable() {
    let sources = sources();
    let long: Vec<String> = sources
        .iter()
        .filter(|source| source.lines > LONGEST_FILE)
        .map(|source| format!("{}: {} lines, at most {LONGEST_FILE}", source.path, source.lines))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    let vague: Vec<&str> = sources
        .iter()
        .map(|source| source.path.as_str())
        .filter(|path| {
            ["imp.rs", "utils.rs", "util.rs", "helpers.rs", "misc.rs"].contains(&path.rsplit('/').next().unwrap())
        })
        .collect();
    assert!(vague.is_empty(), "a file is named for what it does: {vague:?}");
}

/// R4: these macros panic where a stream cannot be written; `cli/streams.rs` does not.
#[test]
fn nothing_prints_with_macros_that_panic() {
    let macros = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let sources = sources();
    let printing =
        sources.iter().filter(|source| !is_test(source) && macros.iter().any(|name| source.code.contains(name)));
    let wrong: Vec<&str> = printing.map(|source| source.path.as_str()).collect();
    assert!(wrong.is_empty(), "these must use cli::streams: {wrong:?}");
}

/// R8: these panic where an argument is no UTF-8 text.
#[test]
fn arguments_are_not_taken_for_text() {
    let sources = sources();
    let taking = sources.iter().filter(|source| source.code.contains("env::args()"));
    let wrong: Vec<&str> = taking.map(|source| source.path.as_str()).collect();
    assert!(wrong.is_empty(), "these must use env::args_os: {wrong:?}");
}

#[test]
fn the_rules_see_what_they_should() {
    assert_eq!(named_modules("use crate::spec::RunId; fn f(x: crate::store::Y) {}"), ["spec", "store"]);
    assert_eq!(named_modules("use crate::{spec::{A, B}, event, metrics::Scores};"), ["spec", "event", "metrics"]);
    assert_eq!(code("a\n// crate::store\nb // crate::store\n\n#[cfg(test)]\nmod tests { crate::cli }"), "a\n\nb \n\n");
    assert_eq!(code("#[cfg(test)]\nmod a;\nmod b;\n#[cfg(test)]\nfn c() {\n  d\n}\ne"), "\nmod b;\n\ne");
    assert_eq!(
        code("a(\"http://b\", 'c', '\"', r#\"\"d\"#) /* e */ + f::<'g>()"),
        "a(\"\", '', '', \"\")  + f::<'g>()"
    );
    assert!(names_tch("use tch::Tensor;") && names_tch("let x = tch::Cuda::is_available();"));
    assert!(!names_tch("let batch = batch::new();") && !names_tch("let tch_version = 1;"));
}
