//! As much of Markdown as these tests read.

/// A line outside of code blocks, or a code block.
pub enum Piece<'a> {
    Line(&'a str),
    Code { language: &'a str, lines: Vec<&'a str> },
}

pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match line.strip_prefix("```") {
            None => pieces.push(Piece::Line(line)),
            Some(language) => {
                let inside = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
                pieces.push(Piece::Code { language, lines: inside });
            }
        }
    }
    pieces
}

/// The lines outside of code blocks.
pub fn prose(text: &str) -> Vec<&str> {
    let lines = pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Line(line) => Some(line),
        Piece::Code { .. } => None,
    });
    lines.collect()
}

/// What stands between backticks, which may go over the ends of lines within a paragraph.
pub fn spans(text: &str) -> Vec<String> {
    let joined = prose(text).join("\n");
    let paragraphs = joined.split("\n\n").flat_map(|paragraph| {
        // Each row of a table is one by itself.
        if paragraph.starts_with('|') { paragraph.lines().collect() } else { vec![paragraph] }
    });
    let spans = paragraphs.flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2));
    spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The targets of links and images: `[text](target)`.
pub fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        let ends = outside.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        found.extend(ends.map(str::to_owned));
    }
    found
}

/// The anchors that a forge gives headings: lower case, without punctuation, spaces as hyphens, repeated ones numbered.
pub fn anchors(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for heading in prose(text).iter().filter(|line| line.starts_with('#')) {
        let title = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let before = found.iter().filter(|known| **known == anchor).count();
        found.push(if before == 0 { anchor } else { format!("{anchor}-{before}") });
    }
    found
}

#[test]
fn markdown_is_read_as_a_forge_reads_it() {
    let text = "# A: b `c`-d\n\nSee [x](y.md#z) and `[no](link)` or `a\nb`.\n\n```console\n$ sweep run\n[no](x)\n```\n## Twice\n## Twice\n";
    assert_eq!(anchors(text), ["a-b-c-d", "twice", "twice-1"]);
    assert_eq!(links(text), ["y.md#z"]);
    assert_eq!(spans(text), ["c", "[no](link)", "a b"]);
}
