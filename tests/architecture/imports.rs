//! Which file of `src` imports which: `use`s and paths in code, followed through re-exports to the file where an item
//! is defined.
//!
//! A file is a module (`spec/run.rs` is `spec::run`, `spec/mod.rs` is `spec`). Names of a file: its items, its
//! submodules, and what its `use`s bring in. A path is followed from `crate`, `super`, `self`, a submodule or an imported
//! module, one name after the other, to the item's own file. What is only declared and re-exported has no place in the
//! result, so a `mod.rs` without items takes part in no circle. Methods and fields are not looked at: whoever calls them
//! has the type from somewhere.

use std::collections::{BTreeMap, BTreeSet};

/// Re-exports followed at most, against names that lead to each other.
const DEEPEST: usize = 16;

/// A module that is a file.
#[derive(Debug, Default)]
struct File {
    /// Relative to `src`.
    path: String,
    /// Items that the file defines.
    items: BTreeSet<String>,
    /// Submodules that are files.
    children: BTreeSet<String>,
    /// By the name that a `use` brings in, the path that it stands for.
    uses: BTreeMap<String, Vec<String>>,
    /// Paths of `use a::*`.
    globs: Vec<Vec<String>>,
    /// Paths in code that are no `use`.
    paths: BTreeSet<Vec<String>>,
}

/// All files by module path.
pub struct Imports {
    files: BTreeMap<Vec<String>, File>,
}

impl Imports {
    /// Of files, each with its path relative to `src` and its code without comments, texts and tests.
    pub fn read<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files: BTreeMap<Vec<String>, File> = BTreeMap::new();
        for (path, code) in sources {
            files.insert(module_path(path), read_file(path, code));
        }
        let modules: Vec<Vec<String>> = files.keys().cloned().collect();
        for module in &modules {
            if let Some((name, parent)) = module.split_last()
                && let Some(parent) = files.get_mut(parent)
            {
                parent.children.insert(name.clone());
            }
        }
        Self { files }
    }

    /// By file the other files that it takes items from.
    pub fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut edges = BTreeMap::new();
        for (module, file) in &self.files {
            let paths = file.uses.values().chain(&file.globs).chain(&file.paths);
            // A module without items of its own re-exports: whoever uses what it brings in is led to where that is.
            let takes = if file.items.is_empty() { None } else { Some(paths) };
            let to = takes.into_iter().flatten().filter_map(|path| self.target(module, path, 0));
            let to = to.filter_map(|module| Some(self.files.get(&module)?.path.as_str())).filter(|to| *to != file.path);
            edges.insert(file.path.as_str(), to.collect());
        }
        edges
    }

    /// Imports from this crate that lead to no file, of which the edges know nothing.
    pub fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        for (module, file) in &self.files {
            let ours = |path: &&Vec<String>| {
                path.first().is_some_and(|first| ["crate", "super", "self"].contains(&first.as_str()))
            };
            for path in file.uses.values().chain(&file.globs).filter(ours) {
                if self.target(module, path, 0).is_none() && self.module(module, path, 0).is_none() {
                    lost.push(format!("{}: {}", file.path, path.join("::")));
                }
            }
        }
        lost
    }

    /// The module that defines the item a path names; none where it is no item of this crate, or a module.
    fn target(&self, from: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let (mut at, rest) = self.start(from, path, depth)?;
        for (position, name) in rest.iter().enumerate() {
            let file = self.files.get(&at)?;
            let is_last = position + 1 == rest.len();
            if file.items.contains(name) && (is_last || !file.children.contains(name)) {
                return Some(at);
            }
            if file.children.contains(name) {
                at.push(name.clone());
                continue;
            }
            return self.through(&at, name, &rest[position + 1..], depth);
        }
        None
    }

    /// Follows what a module re-exports as `name`.
    fn through(&self, at: &[String], name: &str, rest: &[String], depth: usize) -> Option<Vec<String>> {
        let file = self.files.get(at).filter(|_| depth < DEEPEST)?;
        if let Some(path) = file.uses.get(name) {
            let path: Vec<String> = path.iter().chain(rest).cloned().collect();
            return self.target(at, &path, depth + 1);
        }
        file.globs.iter().find_map(|glob| {
            let path: Vec<String> = glob.iter().cloned().chain([name.to_owned()]).chain(rest.iter().cloned()).collect();
            self.target(at, &path, depth + 1)
        })
    }

    /// The module in which a path begins, and what is left of the path.
    fn start<'p>(&self, from: &[String], path: &'p [String], depth: usize) -> Option<(Vec<String>, &'p [String])> {
        let (first, rest) = path.split_first()?;
        let file = self.files.get(from)?;
        match first.as_str() {
            "crate" => Some((Vec::new(), rest)),
            "self" => Some((from.to_vec(), rest)),
            "super" => {
                let (mut at, mut rest) = (from.split_last()?.1.to_vec(), rest);
                while let Some((first, after)) = rest.split_first()
                    && first == "super"
                {
                    at.pop()?;
                    rest = after;
                }
                Some((at, rest))
            }
            name if file.children.contains(name) => Some((from.to_vec(), path)),
            // A module that was imported, or an item with what belongs to it.
            name if depth < DEEPEST && !rest.is_empty() => {
                let imported = file.uses.get(name).filter(|imported| imported.first() != Some(first))?;
                self.module(from, imported, depth + 1).map(|at| (at, rest))
            }
            _ => None,
        }
    }

    /// The module that a path names.
    fn module(&self, from: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let (mut at, rest) = self.start(from, path, depth)?;
        for name in rest {
            let file = self.files.get(&at)?;
            if file.children.contains(name) {
                at.push(name.clone());
            } else {
                let renamed = file.uses.get(name).filter(|_| depth < DEEPEST)?;
                at = self.module(&at, renamed, depth + 1)?;
            }
        }
        Some(at)
    }
}

/// Groups of files that import each other, directly or by others.
pub fn circles<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|from| (*from, reachable(edges, from))).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (&file, others) in &reached {
        if others.contains(file) && !seen.contains(file) {
            let circle: Vec<&str> = others.iter().copied().filter(|other| reached[other].contains(file)).collect();
            seen.extend(circle.iter().copied());
            circles.push(circle);
        }
    }
    circles
}

fn reachable<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = edges.get(from).into_iter().flatten().copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(edges.get(file).into_iter().flatten());
        }
    }
    reached
}

fn module_path(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn read_file(path: &str, code: &str) -> File {
    let mut file = File { path: path.to_owned(), ..File::default() };
    let mut rest = String::new();
    for statement in statements(code) {
        match use_tree(statement) {
            Some(tree) => read_tree(tree, &[], &mut file),
            None => rest.push_str(statement),
        }
    }
    file.items = rest.lines().filter_map(item_name).map(str::to_owned).collect();
    file.paths = paths(&rest);
    file
}

/// Pieces of code that end with a semicolon or a line, so that a `use` is one piece.
fn statements(code: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let line_end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let end = match use_tree(&rest[..line_end]) {
            Some(_) => rest.find(';').map_or(rest.len(), |end| end + 1),
            None => line_end,
        };
        pieces.push(&rest[..end]);
        rest = &rest[end..];
    }
    pieces
}

/// What stands between `use` and `;`.
fn use_tree(statement: &str) -> Option<&str> {
    let mut text = statement.trim_start();
    if let Some(public) = text.strip_prefix("pub") {
        text = match public.strip_prefix('(') {
            Some(scope) => scope.split_once(')')?.1.trim_start(),
            None => public.trim_start(),
        };
    }
    Some(text.strip_prefix("use ")?.trim_end().trim_end_matches(';'))
}

fn read_tree(tree: &str, before: &[String], file: &mut File) {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        return read_leaf(tree, before, file);
    };
    let head = head.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let path: Vec<String> = before.iter().cloned().chain(head).collect();
    let group = group.strip_suffix('}').unwrap_or(group);
    for part in split_group(group) {
        read_tree(part, &path, file);
    }
}

fn read_leaf(leaf: &str, before: &[String], file: &mut File) {
    let (path, alias) = leaf.split_once(" as ").map_or((leaf, None), |(path, alias)| (path, Some(alias.trim())));
    let names = path.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let mut path: Vec<String> = before.iter().cloned().chain(names).collect();
    match path.last().map(String::as_str) {
        Some("*") => {
            path.pop();
            file.globs.push(path);
        }
        Some(last) => {
            if last == "self" {
                path.pop();
            }
            let name = alias.map(str::to_owned).or_else(|| path.last().cloned()).unwrap_or_default();
            // `use x as _` brings in a trait without a name.
            let name = if name == "_" { path.join("::") } else { name };
            file.uses.insert(name, path);
        }
        None => {}
    }
}

fn split_group(group: &str) -> Vec<&str> {
    let (mut depth, mut parts, mut start) = (0, Vec::new(), 0);
    for (position, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// The name of the item that begins on a line: items of a file stand at its left edge.
fn item_name(line: &str) -> Option<&str> {
    let mut text = line;
    if let Some(public) = text.strip_prefix("pub") {
        text = match public.strip_prefix('(') {
            Some(scope) => scope.split_once(')')?.1.strip_prefix(' ')?,
            None => public.strip_prefix(' ')?,
        };
    }
    for before in ["default ", "async ", "unsafe ", "extern \"\" "] {
        text = text.strip_prefix(before).unwrap_or(text);
    }
    if let Some(function) =
        text.strip_prefix("const ").filter(|rest| ["fn ", "unsafe "].iter().any(|f| rest.starts_with(f)))
    {
        text = function.strip_prefix("unsafe ").unwrap_or(function);
    }
    let kinds = ["fn ", "struct ", "enum ", "union ", "trait ", "type ", "const ", "static ", "macro_rules! ", "mod "];
    let rest = kinds.iter().find_map(|kind| text.strip_prefix(kind))?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let declares_file = text.starts_with("mod ") && rest[end..].starts_with(';');
    (end > 0 && !declares_file).then_some(&rest[..end])
}

/// Paths of at least two names.
fn paths(code: &str) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut before = ' ';
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        if length == 0 || before == ':' || before == '.' {
            let skipped = length.max(first.len_utf8());
            before = rest[..skipped].chars().next_back().unwrap_or(' ');
            rest = &rest[skipped..];
            continue;
        }
        let mut path = vec![rest[..length].to_owned()];
        rest = &rest[length..];
        while let Some(next) = rest.strip_prefix("::") {
            let length = next.find(|c: char| !is_name(c)).unwrap_or(next.len());
            if length == 0 {
                break;
            }
            path.push(next[..length].to_owned());
            rest = &next[length..];
        }
        before = 'a';
        if path.len() > 1 {
            paths.insert(path);
        }
    }
    paths
}
