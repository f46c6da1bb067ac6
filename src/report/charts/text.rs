//! How texts look and how they are made to fit.

use plotters::style::RGBColor;

use super::fonts;
use super::palette::{INK, MUTED};

/// Text sizes (em) in pixels: 11, 9 and 8 points at 200 dots per inch.
pub(crate) const TITLE: f64 = 31.0;
pub(crate) const BODY: f64 = 25.0;
pub(crate) const SMALL: f64 = 22.0;

/// Where a text lies relative to its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Starts there, vertically centred.
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    /// The em in pixels.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) color: RGBColor,
    pub(crate) anchor: Anchor,
    /// Turned to read upwards.
    pub(crate) upwards: bool,
}

impl Type {
    pub(crate) fn body() -> Type {
        Type { size: BODY, bold: false, color: INK, anchor: Anchor::Start, upwards: false }
    }

    pub(crate) fn small() -> Type {
        Type { size: SMALL, ..Type::body() }
    }

    pub(crate) fn muted() -> Type {
        Type { color: MUTED, ..Type::small() }
    }

    pub(crate) fn title() -> Type {
        Type { size: TITLE, bold: true, ..Type::body() }
    }

    pub(crate) fn bold(self) -> Type {
        Type { bold: true, ..self }
    }

    pub(crate) fn color(self, color: RGBColor) -> Type {
        Type { color, ..self }
    }

    pub(crate) fn anchor(self, anchor: Anchor) -> Type {
        Type { anchor, ..self }
    }

    pub(crate) fn upwards(self) -> Type {
        Type { upwards: true, ..self }
    }

    /// The width of a text of this look, in pixels.
    pub(crate) fn width(&self, text: &str) -> f64 {
        fonts::built_in().width(text, self.size, self.bold)
    }

    /// The text in one line of at most `width` pixels; see [`wrap`].
    pub(crate) fn fit(&self, text: &str, width: f64) -> String {
        wrap(text, *self, width, 1).pop().unwrap_or_default()
    }
}

/// With fewer characters than this, beginnings of names say less than the initials of their words.
const INITIALS: usize = 4;

/// `learning_rate=0.1, rank=4` with about `kept` characters of each name: `learn.=0.1, rank=4`, at last `l_r=0.1, r.=4`.
fn with_short_names(text: &str, kept: usize) -> String {
    let short = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if kept < INITIALS && name.contains('_') => {
            let initials: Vec<String> = name.split('_').map(|word| word.chars().take(1).collect()).collect();
            format!("{}={value}", initials.join("_"))
        }
        Some((name, value)) if name.chars().count() > kept + 1 => {
            format!("{}.={value}", name.chars().take(kept).collect::<String>())
        }
        _ => pair.to_string(),
    };
    text.split(", ").map(short).collect::<Vec<_>>().join(", ")
}

/// A text in at most so many lines of at most `width` pixels. Lines break between words, in scripts without spaces between
/// characters, and inside a word only where it is wider than a line: after punctuation if it has some. What does not fit has
/// the names of its `name=value` pairs shortened, so that every value stays; what still does not fit ends after a whole word,
/// with an ellipsis.
pub(crate) fn wrap(text: &str, look: Type, width: f64, lines: usize) -> Vec<String> {
    let whole = Wrapping { look, width, lines }.of(text);
    if whole.complete {
        return whole.lines;
    }
    let shorter = (1..16).rev().map(|kept| Wrapping { look, width, lines }.of(&with_short_names(text, kept)));
    shorter.into_iter().find(|wrapped| wrapped.complete).unwrap_or(whole).lines
}

/// The room that a text is put into.
#[derive(Clone, Copy)]
struct Wrapping {
    look: Type,
    width: f64,
    lines: usize,
}

struct Wrapped {
    lines: Vec<String>,
    /// Nothing was left out.
    complete: bool,
}

impl Wrapping {
    fn of(self, text: &str) -> Wrapped {
        // A number stays with its percent sign, and a dot between two parts with the part before it.
        let text = text.replace(" %", "\u{a0}%").replace(" · ", "\u{a0}· ");
        let mut lines = vec![String::new()];
        let mut rest = Some(text.trim_start());
        while let Some(text) = rest.filter(|text| !text.is_empty()) {
            let (unit, after) = first_unit(text);
            let Some(line) = lines.last_mut() else { break };
            if self.fits(&format!("{line}{unit}")) {
                line.push_str(unit);
                rest = Some(after);
            } else if !line.is_empty() {
                if lines.len() == self.lines {
                    return self.cut(lines);
                }
                lines.push(String::new());
                rest = Some(text.trim_start());
            } else {
                // Wider than a line by itself.
                let (part, _) = text.split_at(self.fitting(unit));
                line.push_str(part);
                if part.is_empty() || lines.len() == self.lines {
                    return self.cut(lines);
                }
                lines.push(String::new());
                rest = Some(&text[part.len()..]);
            }
        }
        Wrapped { lines: lines.iter().map(|line| tidy(line)).collect(), complete: true }
    }

    fn fits(self, line: &str) -> bool {
        self.look.width(tidy(line).as_str()) <= self.width
    }

    /// Lines that lack the end of the text: the last one ends with an ellipsis after as many of its words as fit.
    fn cut(self, mut lines: Vec<String>) -> Wrapped {
        if let Some(last) = lines.last_mut() {
            let mut kept = tidy(last);
            while !kept.is_empty() && !self.fits(&format!("{kept} \u{2026}")) {
                // A line of one word loses characters.
                match kept.rfind([' ', '\u{a0}']) {
                    Some(space) => kept.truncate(space),
                    None => kept.truncate(kept.char_indices().next_back().map_or(0, |(place, _)| place)),
                }
            }
            let ellipsis = if kept.contains(' ') || kept.is_empty() { " \u{2026}" } else { "\u{2026}" };
            kept.push_str(ellipsis);
            *last = if self.fits(&kept) { kept.trim_start().to_string() } else { String::new() };
        }
        Wrapped { lines: lines.iter().map(|line| tidy(line)).collect(), complete: false }
    }

    /// Bytes of the longest beginning of a word that fits, up to a punctuation mark in it where there is one. A longer
    /// beginning is never narrower, so it is found by halving: a word may be a whole novel.
    fn fitting(self, word: &str) -> usize {
        let ends: Vec<usize> = word.char_indices().map(|(place, c)| place + c.len_utf8()).collect();
        let most = ends.partition_point(|&end| self.fits(&word[..end]));
        let end = most.checked_sub(1).map_or(0, |last| ends[last]);
        let after_mark = word[..end].rfind(|c: char| ",=_/-.:;+|".contains(c)).map(|place| place + 1);
        after_mark.filter(|&place| place > 0 && place < end).unwrap_or(end)
    }
}

/// The first word with the space before it, or the first character of a script without spaces, and what follows.
fn first_unit(text: &str) -> (&str, &str) {
    let begins = text.len() - text.trim_start_matches(' ').len();
    let mut characters = text[begins..].char_indices();
    let Some((_, first)) = characters.next() else {
        return (text, "");
    };
    let ends = |(place, c): (usize, char)| (c == ' ' || is_ideographic(c)).then_some(begins + place);
    let next = characters.clone().next().map_or(text.len(), |(place, _)| begins + place);
    let end = if is_ideographic(first) { next } else { characters.find_map(ends).unwrap_or(text.len()) };
    text.split_at(end)
}

/// Scripts that are written without spaces and break anywhere: Han, kana, and full-width forms.
fn is_ideographic(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// A line without spaces around it and without a dot that separates it from the next.
fn tidy(line: &str) -> String {
    line.trim_matches(' ').trim_end_matches("\u{a0}·").to_string()
}

/// Line breaks and control characters, which no SVG text may carry, become spaces.
pub(crate) fn printable(text: &str) -> String {
    let allowed = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if allowed(c) { c } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_ends_after_a_word() {
        let look = Type::body();
        assert_eq!(look.fit("short", 500.0), "short");
        let cut = look.fit("a sentence that is far too long for its place", 200.0);
        assert_eq!(cut, "a sentence \u{2026}");
        let short = look.fit("learning_rate=0.0004, lora_dropout=0.2, seed=17", 500.0);
        assert!(["learn", "=0.0004", "lora", "=0.2", "seed=17"].iter().all(|part| short.contains(part)), "{short}");
        assert!(look.width(&short) <= 500.0);
        let names = "rank=4, lora_dropout=0.1, learning_rate=0.01";
        let shortest = look.fit(names, look.width("r.=4, l_d=0.1, l_r=0.01"));
        assert_eq!(shortest, "r.=4, l_d=0.1, l_r=0.01", "no two names become the same");
        assert_eq!(look.fit("anything", 0.0), "");
        assert_eq!(look.fit("m", 1.0), "");
        for width in 0..400 {
            for text in ["mmmmmmmmmmmm", "two words", "\u{5b66}\u{4e60}\u{7387}"] {
                let cut = look.fit(text, f64::from(width));
                assert!(look.width(&cut) <= f64::from(width), "{width}: {cut}");
            }
        }
    }

    /// A label of 60 characters as a legend has it.
    #[test]
    fn words_wider_than_a_line_break_after_punctuation() {
        let (look, width) = (Type::small(), 200.0);
        let label = "gradient_accumulation_steps=1, classifier_dropout=0.25, x=1";
        let lines = wrap(label, look, width, 6);
        assert_eq!(lines.concat().replace(' ', ""), label.replace(' ', ""), "{lines:?}");
        assert!(lines.iter().all(|line| look.width(line) <= width), "{lines:?}");
        assert!(lines.iter().all(|line| line.ends_with(['_', ',', '1'])), "{lines:?}");
        let plain = wrap(&"x".repeat(60), look, width, 9);
        assert_eq!(plain.concat(), "x".repeat(60));
        assert!(plain.iter().all(|line| look.width(line) <= width));
    }

    #[test]
    fn scripts_without_spaces_break_between_characters() {
        let look = Type::small();
        let text = "学习率升高五倍会降低模型在新闻分类任务上的准确率";
        let lines = wrap(text, look, 200.0, 9);
        assert!(lines.len() > 1 && lines.iter().all(|line| look.width(line) <= 200.0), "{lines:?}");
        assert_eq!(lines.concat(), text);
    }

    #[test]
    fn a_dot_between_parts_stays_off_the_ends_of_lines() {
        let look = Type::small();
        let parts = "MiniLM on newswire.csv · 640 evaluation examples · mean of 3 seeds, band from lowest to highest";
        let lines = wrap(parts, look, look.width("MiniLM on newswire.csv · 640"), 5);
        assert!(lines.iter().all(|line| !line.starts_with('·') && !line.ends_with('·')), "{lines:?}");
        assert!(lines[0].starts_with("MiniLM on newswire.csv\u{a0}· 640"), "{lines:?}");
    }

    /// R1: a label, a description or a class name may be as long as a file.
    #[test]
    fn very_long_texts_are_cut_at_once() {
        let (look, started) = (Type::body(), std::time::Instant::now());
        let words = "name=value, ".repeat(50_000);
        assert!(look.width(&look.fit(&words, 300.0)) <= 300.0);
        assert!(look.width(&look.fit(&"x".repeat(500_000), 300.0)) <= 300.0);
        assert_eq!(wrap(&words, look, 300.0, 3).len(), 3);
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }

    #[test]
    fn sentences_break_between_words() {
        let look = Type::small();
        let text = "Warm-up above a fifth of the steps slows convergence and slightly harms accuracy";
        let lines = wrap(text, look, 400.0, 3);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 1 && lines.iter().all(|line| look.width(line) <= 400.0));
        assert_eq!(wrap(text, look, 400.0, 1).len(), 1);
        assert_eq!(wrap("", look, 400.0, 2), [""]);
    }
}
