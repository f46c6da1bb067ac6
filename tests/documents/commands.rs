//! Commands that documents show exist, and every option is documented.

use std::collections::BTreeMap;

use assert_cmd::Command;

use crate::markdown::{self, Piece};
use crate::{documents, text};

/// Each program's commands in the documents, with where they stand: code blocks of consoles, and code in sentences.
fn shown() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for document in documents() {
        let content = text(&document);
        let commands = consoles(&content).into_iter().chain(markdown::spans(&content));
        found.extend(commands.map(|command| (document.clone(), command)));
    }
    found
}

/// The commands of code blocks of consoles: what follows `$ `, with the lines that a backslash continues it by.
fn consoles(content: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for piece in markdown::pieces(content) {
        let Piece::Code { language: "console", lines } = piece else { continue };
        let mut lines = lines.into_iter();
        while let Some(line) = lines.next() {
            let Some(first) = line.strip_prefix("$ ") else { continue };
            let mut command = first.to_owned();
            while let Some(open) = command.strip_suffix('\\') {
                command = format!("{open}{}", lines.next().unwrap_or_default());
            }
            // The part behind a pipe is a command of its own.
            commands.extend(without_comment(&command).split(" | ").map(str::to_owned));
        }
    }
    commands
}

fn without_comment(command: &str) -> &str {
    command.split(" # ").next().unwrap().trim_end()
}

#[test]
fn make_targets_that_are_shown_exist() {
    let makefile = text("Makefile");
    let exists = |target: &str| makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
    let mut seen = 0;
    for (document, command) in shown() {
        let mut words = command.split_whitespace();
        let named = words.by_ref().next() == Some("make");
        // Variables stand in capitals.
        for target in words.filter(|word| named && !word.contains('=')) {
            seen += 1;
            assert!(exists(target), "{document}: `{command}`: the Makefile has no target {target}");
        }
    }
    assert!(seen > 15, "only {seen} targets were found");
}

#[test]
fn verbs_and_flags_that_are_shown_exist() {
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = 0;
    for (document, command) in shown() {
        let words = words(&command);
        let Some(("sweep", [verb, rest @ ..])) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
            continue;
        };
        seen += 1;
        // `--help`, and `COMMAND`, which stands for any.
        if verb.starts_with('-') || verb.chars().all(|c| c.is_ascii_uppercase()) {
            continue;
        }
        let help = helps.entry(verb.clone()).or_insert_with(|| help(&[verb, "--help"]));
        for flag in rest.iter().filter_map(|word| flag(word)) {
            assert!(options(help).contains(&flag), "{document}: `{command}`: sweep {verb} has no option {flag}");
        }
    }
    assert!(seen > 30 && helps.len() > 8, "only {seen} commands were found, of {:?}", helps.keys());
}

/// The words of a command line, quotes taken off, brackets of what may be left out too.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in command.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, ' ') => words.push(String::new()),
            // Inside quotes a hyphen begins no option.
            (Some(_), '-') => words.last_mut().unwrap().push('_'),
            (None, '[' | ']') => {}
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn flag(word: &str) -> Option<String> {
    word.starts_with("--").then(|| word.split('=').next().unwrap().to_owned())
}

fn help(arguments: &[&str]) -> String {
    let output = Command::cargo_bin("sweep").unwrap().args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "there is no `sweep {}`: {said}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// The long options that a help text lists, other names of them included.
fn options(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-') || line.starts_with("[alias"));
    let words = lines.flat_map(|line| line.split(|c: char| !(c.is_ascii_lowercase() || c == '-')));
    words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect()
}

/// Of `run` and `predict` on their own pages, of the other verbs anywhere.
#[test]
fn every_option_is_documented() {
    let documents: String = documents().iter().map(text).collect();
    let mut absent = Vec::new();
    for verb in verbs() {
        let page = match verb.as_str() {
            "run" => text("docs/running.md"),
            "predict" => text("docs/predicting.md"),
            _ => documents.clone(),
        };
        for option in listed_options(&help(&[&verb, "--help"])) {
            if !page.contains(&option) {
                absent.push(format!("sweep {verb} {option}"));
            }
        }
    }
    assert!(absent.is_empty(), "not documented: {absent:?}");
}

/// The verbs that the overview lists.
fn verbs() -> Vec<String> {
    let overview = help(&["--help"]);
    let commands = overview.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    // A verb stands two columns in; the further lines of its description stand further in.
    let names = commands.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let verbs = names.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next());
    let verbs: Vec<String> = verbs.filter(|verb| *verb != "help").map(str::to_owned).collect();
    assert!(verbs.len() > 8, "{verbs:?}");
    verbs
}

/// The options that a help text is about: they stand at the beginning of a line, where descriptions name none.
fn listed_options(help: &str) -> Vec<String> {
    let listed = help.lines().map(str::trim_start).filter(|line| line.starts_with("--"));
    listed.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn command_lines_are_read() {
    let text =
        "```console\n$ sweep run 'a --b' --set \\\n   x=1   # why\nsweep status\n$ echo x | sweep predict\n```\n";
    let commands = consoles(text);
    assert_eq!(commands, ["sweep run 'a --b' --set    x=1", "echo x", "sweep predict"]);
    assert_eq!(words(&commands[0]), ["sweep", "run", "a __b", "--set", "x=1"]);
    assert_eq!(options("  --devices <D>\n     [alias: --devices]\n  see --other\n"), ["--devices", "--devices"]);
}
