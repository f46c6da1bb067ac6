//! A TrueType font made of GNU Unifont's bitmaps, for characters that no other font has: coarse, but legible.
//!
//! Only the tables a renderer needs (OpenType specification 1.9: head, hhea, maxp, hmtx, cmap 12, loca, glyf, name).

use std::collections::BTreeSet;
use std::sync::OnceLock;

use regex::Regex;

use unifont::{Glyph, get_glyph};

/// Font units per bitmap pixel: 16 pixels to the em.
const PIXEL: i16 = 64;
/// Unifont's bitmaps have two rows below the baseline.
const DESCENT: i16 = 2;
const ROWS: i16 = 16;

/// A glyph with its place on the line, in pixels.
struct Placed {
    character: char,
    glyph: &'static Glyph,
    /// How far its bitmap is moved to the left.
    back: i16,
    advance: i16,
}

impl Placed {
    fn of(character: char) -> Option<Placed> {
        let glyph = get_glyph(character)?;
        let width = glyph.get_width() as i16;
        let runs = runs_of(glyph);
        let left = runs.iter().map(|run| run.1).min().unwrap_or(0) as i16;
        let right = runs.iter().map(|run| run.2).max().unwrap_or(0) as i16;
        let (back, advance) = match Mark::of(character) {
            None => (0, width),
            // Ends where the letter before it ends.
            Some(Mark::OnLetter) => (right, 0),
            // Begins there: its bitmap has room for the letter, which has a bitmap of its own.
            Some(Mark::BesideLetter) => (left, right - left),
        };
        Some(Placed { character, glyph, back, advance })
    }
}

/// A mark that makes no sense without a letter.
enum Mark {
    OnLetter,
    BesideLetter,
}

impl Mark {
    fn of(character: char) -> Option<Mark> {
        static MARKS: OnceLock<Option<[Regex; 2]>> = OnceLock::new();
        // Unicode's categories Mn and Mc, which are what a regular expression can ask for.
        let marks = MARKS.get_or_init(|| Some([Regex::new(r"\p{Mn}").ok()?, Regex::new(r"\p{Mc}").ok()?]));
        let [on, beside] = marks.as_ref()?;
        let mut buffer = [0; 4];
        let text = character.encode_utf8(&mut buffer);
        if on.is_match(text) { Some(Mark::OnLetter) } else { beside.is_match(text).then_some(Mark::BesideLetter) }
    }
}

/// A font with those of the characters that Unifont has; none when it has none of them.
pub(super) fn font(characters: &BTreeSet<char>) -> Option<Vec<u8>> {
    let glyphs: Vec<Placed> = characters.iter().filter_map(|&c| Placed::of(c)).collect();
    if glyphs.is_empty() {
        return None;
    }
    let outlines: Vec<Vec<u8>> = std::iter::once(Vec::new()).chain(glyphs.iter().map(outline)).collect();
    let (loca, glyf) = locate(&outlines);
    let points = outlines.len() as u16;
    let tables = [
        (*b"cmap", character_map(&glyphs)),
        (*b"glyf", glyf),
        (*b"head", head()),
        (*b"hhea", horizontal_header(points)),
        (*b"hmtx", metrics(&glyphs)),
        (*b"loca", loca),
        (*b"maxp", maximum_profile(points)),
        (*b"name", names()),
    ];
    Some(assemble(&tables))
}

/// One closed rectangle per horizontal run of pixels.
fn outline(placed: &Placed) -> Vec<u8> {
    let runs = runs_of(placed.glyph);
    if runs.is_empty() {
        return Vec::new();
    }
    let mut out = Bytes::default();
    let x = |column: usize| (column as i16 - placed.back) * PIXEL;
    let x_max = x(runs.iter().map(|run| run.2).max().unwrap_or(0));
    out.i16(runs.len() as i16).i16(x(0)).i16(-DESCENT * PIXEL).i16(x_max).i16((ROWS - DESCENT) * PIXEL);
    for i in 0..runs.len() {
        out.u16(i as u16 * 4 + 3);
    }
    out.u16(0);
    // Every point is on the curve, with two-byte coordinates.
    out.0.extend(std::iter::repeat_n(1u8, runs.len() * 4));
    let corners: Vec<(i16, i16)> = runs
        .iter()
        .flat_map(|&(row, from, to)| {
            let top = (ROWS - DESCENT - row as i16) * PIXEL;
            let (left, right, bottom) = (x(from), x(to), top - PIXEL);
            [(left, bottom), (left, top), (right, top), (right, bottom)]
        })
        .collect();
    for axis in [|p: &(i16, i16)| p.0, |p: &(i16, i16)| p.1] {
        let mut last = 0;
        for value in corners.iter().map(axis) {
            out.i16(value - last);
            last = value;
        }
    }
    if out.0.len() % 2 == 1 {
        out.0.push(0);
    }
    out.0
}

/// (row, first column, column after the last) of each run of set pixels.
fn runs_of(glyph: &Glyph) -> Vec<(usize, usize, usize)> {
    let mut runs = Vec::new();
    for row in 0..ROWS as usize {
        let mut start = None;
        for column in 0..=glyph.get_width() {
            match (start, column < glyph.get_width() && glyph.get_pixel(column, row)) {
                (None, true) => start = Some(column),
                (Some(from), false) => {
                    runs.push((row, from, column));
                    start = None;
                }
                _ => {}
            }
        }
    }
    runs
}

fn locate(outlines: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
    let (mut loca, mut glyf) = (Bytes::default(), Vec::new());
    loca.u32(0);
    for outline in outlines {
        glyf.extend_from_slice(outline);
        loca.u32(glyf.len() as u32);
    }
    (loca.0, glyf)
}

fn character_map(glyphs: &[Placed]) -> Vec<u8> {
    let mut out = Bytes::default();
    // Version 0, one table: Windows, full Unicode, at offset 12.
    out.u16(0).u16(1).u16(3).u16(10).u32(12);
    out.u16(12).u16(0).u32(16 + 12 * glyphs.len() as u32).u32(0).u32(glyphs.len() as u32);
    for (i, Placed { character, .. }) in glyphs.iter().enumerate() {
        out.u32(*character as u32).u32(*character as u32).u32(i as u32 + 1);
    }
    out.0
}

fn head() -> Vec<u8> {
    let mut out = Bytes::default();
    out.u32(0x0001_0000).u32(0x0001_0000).u32(0).u32(0x5f0f_3cf5).u16(0).u16((ROWS * PIXEL) as u16);
    // Created and modified: the epoch, so that equal glyphs give equal bytes.
    out.u32(0).u32(0).u32(0).u32(0);
    out.i16(0).i16(-DESCENT * PIXEL).i16(ROWS * PIXEL).i16((ROWS - DESCENT) * PIXEL);
    // No style, smallest readable size, direction hint, long offsets in loca, glyph format.
    out.u16(0).u16(8).i16(2).i16(1).i16(0);
    out.0
}

fn horizontal_header(glyphs: u16) -> Vec<u8> {
    let mut out = Bytes::default();
    out.u32(0x0001_0000).i16((ROWS - DESCENT) * PIXEL).i16(-DESCENT * PIXEL).i16(0).u16((ROWS * PIXEL) as u16);
    out.i16(0).i16(0).i16(ROWS * PIXEL).i16(1).i16(0).i16(0);
    out.i16(0).i16(0).i16(0).i16(0).i16(0).u16(glyphs);
    out.0
}

fn metrics(glyphs: &[Placed]) -> Vec<u8> {
    let mut out = Bytes::default();
    out.u16((ROWS * PIXEL) as u16).i16(0);
    for placed in glyphs {
        out.u16((placed.advance * PIXEL) as u16).i16(-placed.back * PIXEL);
    }
    out.0
}

fn maximum_profile(glyphs: u16) -> Vec<u8> {
    let mut out = Bytes::default();
    // At most 8 runs in each of 16 rows, 4 points each; no instructions, no composites.
    out.u32(0x0001_0000).u16(glyphs).u16(512).u16(128).u16(0).u16(0).u16(1);
    for _ in 0..8 {
        out.u16(0);
    }
    out.0
}

fn names() -> Vec<u8> {
    let entries: [(u16, &str); 4] = [(1, "Last Resort"), (2, "Regular"), (4, "Last Resort"), (6, "LastResort")];
    let (mut out, mut text) = (Bytes::default(), Bytes::default());
    out.u16(0).u16(entries.len() as u16).u16(6 + 12 * entries.len() as u16);
    for (id, value) in entries {
        // Windows, Unicode, US English.
        out.u16(3).u16(1).u16(0x0409).u16(id).u16(value.len() as u16 * 2).u16(text.0.len() as u16);
        value.encode_utf16().for_each(|unit| {
            text.u16(unit);
        });
    }
    out.0.extend(text.0);
    out.0
}

fn assemble(tables: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let count = tables.len() as u16;
    let power = count.ilog2() as u16;
    let range = 16 << power;
    let mut out = Bytes::default();
    out.u32(0x0001_0000).u16(count).u16(range).u16(power).u16(count * 16 - range);
    let mut offset = 12 + 16 * tables.len();
    for (tag, data) in tables {
        out.0.extend_from_slice(tag);
        out.u32(checksum(data)).u32(offset as u32).u32(data.len() as u32);
        offset += data.len().next_multiple_of(4);
    }
    for (_, data) in tables {
        out.0.extend_from_slice(data);
        out.0.resize(out.0.len().next_multiple_of(4), 0);
    }
    out.0
}

fn checksum(data: &[u8]) -> u32 {
    data.chunks(4).fold(0u32, |sum, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

/// Big-endian bytes, as TrueType has them.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    fn i16(&mut self, value: i16) -> &mut Self {
        self.u16(value as u16)
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use ab_glyph::{Font, FontRef};
    use resvg::usvg::fontdb::Database;

    use super::*;

    #[test]
    fn the_font_parses_and_maps_its_characters() {
        let characters: BTreeSet<char> = "学习率क".chars().collect();
        let bytes = font(&characters).unwrap();
        let parsed = FontRef::try_from_slice(&bytes).unwrap();
        for c in characters {
            let glyph = parsed.glyph_id(c);
            assert_ne!(glyph.0, 0, "{c}");
            let bounds = parsed.outline(glyph).unwrap().bounds;
            let sides = [bounds.min.x, bounds.max.x, bounds.min.y, bounds.max.y];
            assert!(sides.iter().all(|side| side % f32::from(PIXEL) == 0.0), "{c} is made of pixels: {sides:?}");
            assert!(
                bounds.min.x >= 0.0 && bounds.max.x <= f32::from(ROWS * PIXEL) && bounds.width() > 256.0,
                "{sides:?}"
            );
            assert!(bounds.height().abs() > 256.0, "{sides:?}");
        }
        assert_eq!(parsed.glyph_id('x').0, 0);
        let mut database = Database::new();
        database.load_font_data(bytes);
        assert_eq!(database.len(), 1);
    }

    #[test]
    fn marks_stand_at_their_letters() {
        // A vowel above, a vowel behind, and a letter.
        let bytes = font(&"\u{947}\u{940}क".chars().collect()).unwrap();
        let parsed = FontRef::try_from_slice(&bytes).unwrap();
        let advance = |c: char| parsed.h_advance_unscaled(parsed.glyph_id(c)) as i16 / PIXEL;
        let ink = |c: char| {
            let bounds = parsed.outline(parsed.glyph_id(c)).unwrap().bounds;
            (bounds.min.x as i16 / PIXEL, bounds.max.x as i16 / PIXEL)
        };
        assert_eq!((advance('\u{947}'), ink('\u{947}').1), (0, 0));
        assert_eq!(ink('\u{940}'), (0, advance('\u{940}')));
        assert_eq!(advance('क'), 16);
    }

    #[test]
    fn without_a_known_character_there_is_no_font() {
        assert_eq!(font(&BTreeSet::new()), None);
        assert_eq!(font(&BTreeSet::from(['\u{10FFFF}'])), None);
    }
}
