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

    /// The text in at most `width` pixels. Where it is wider, the names of `name=value` pairs are shortened first, so
    /// that every value stays; what is still too wide is cut in the middle.
    pub(crate) fn fit(&self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_string();
        }
        let shorter = (1..16).rev().map(|kept| with_short_names(text, kept)).find(|short| self.width(short) <= width);
        if let Some(short) = shorter {
            return short;
        }
        self.cut(text, width)
    }

    /// As many characters of both ends as fit. A longer text is never narrower, so their number is found by halving: a
    /// text may be a whole novel.
    fn cut(&self, text: &str, width: f64) -> String {
        let characters: Vec<char> = text.chars().collect();
        let with = |kept: usize| -> String {
            let (head, tail) = (kept.div_ceil(2), kept / 2);
            let ellipsis = std::iter::once(&'\u{2026}');
            characters[..head].iter().chain(ellipsis).chain(&characters[characters.len() - tail..]).collect()
        };
        let (mut fits, mut too_many) = (None, characters.len());
        while fits.map_or(0, |kept| kept + 1) < too_many {
            let kept = usize::midpoint(fits.unwrap_or(0), too_many).min(too_many - 1);
            if self.width(&with(kept)) <= width {
                fits = Some(kept);
            } else {
                too_many = kept;
            }
        }
        fits.map(with).unwrap_or_default()
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

/// A text in lines of at most `width` pixels, broken between words; the last of at most `lines` is cut where it must be.
pub(crate) fn wrap(text: &str, look: Type, width: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = vec![String::new()];
    // A number stays with its percent sign.
    let text = text.replace(" %", "\u{a0}%");
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let full = wrapped.len() == lines;
        let Some(line) = wrapped.last_mut() else {
            break;
        };
        if line.is_empty() {
            line.push_str(word);
        } else if full || look.width(line) + look.width(" ") + look.width(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            wrapped.push(word.to_string());
        }
    }
    wrapped.into_iter().map(|line| look.fit(&line, width)).collect()
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
    fn long_texts_are_cut_in_the_middle() {
        let look = Type::body();
        assert_eq!(look.fit("short", 500.0), "short");
        let cut = look.fit("a sentence that is far too long for its place", 200.0);
        assert!(cut.starts_with("a sent") && cut.ends_with("ace") && cut.contains('\u{2026}'), "{cut}");
        assert!(look.width(&cut) <= 200.0);
        let short = look.fit("learning_rate=0.0004, lora_dropout=0.2, seed=17", 500.0);
        assert!(["learn", "=0.0004", "lora", "=0.2", "seed=17"].iter().all(|part| short.contains(part)), "{short}");
        assert!(look.width(&short) <= 500.0);
        let names = "rank=4, lora_dropout=0.1, learning_rate=0.01";
        let shortest = look.fit(names, look.width("r.=4, l_d=0.1, l_r=0.01"));
        assert_eq!(shortest, "r.=4, l_d=0.1, l_r=0.01", "no two names become the same");
        assert_eq!(look.fit("anything", 0.0), "");
        assert_eq!(look.fit("m", 1.0), "");
        let kept = |width: f64| look.fit("mmmmmmmmmmmm", width);
        for width in 0..400 {
            let cut = kept(f64::from(width));
            assert!(look.width(&cut) <= f64::from(width), "{width}: {cut}");
            let one_more = cut.replacen('\u{2026}', "m\u{2026}", 1);
            assert!(
                cut.is_empty() || !cut.contains('\u{2026}') || look.width(&one_more) > f64::from(width),
                "{width}: {cut}"
            );
        }
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
