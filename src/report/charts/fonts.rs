//! The fonts of the charts: DejaVu Sans is built in, so a chart looks the same on every machine; scripts it lacks are
//! taken from the fonts installed there, and what those lack too from GNU Unifont's bitmaps.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use ab_glyph::{Font, FontRef};
use plotters::style::{FontStyle, register_font};
use resvg::usvg::fontdb::Database;

use super::last_resort;

pub(crate) const FAMILY: &str = "DejaVu Sans";

static REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.ttf");

/// The built-in fonts, parsed.
pub(crate) struct BuiltIn {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// Parses the built-in fonts and makes them known to plotters, once.
pub(crate) fn built_in() -> &'static BuiltIn {
    static FONTS: OnceLock<BuiltIn> = OnceLock::new();
    FONTS.get_or_init(|| {
        let parse = |bytes| FontRef::try_from_slice(bytes).expect("the file is part of this program and a sound font");
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the built-in font parses, see above");
        }
        BuiltIn { regular: parse(REGULAR), bold: parse(BOLD) }
    })
}

impl BuiltIn {
    /// The width of a text, in the unit of `size` (the em). Characters of other fonts count as one em.
    pub(crate) fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let font = if bold { &self.bold } else { &self.regular };
        let units = f64::from(font.units_per_em().unwrap_or(2048.0));
        let advance = |c: char| match font.glyph_id(c) {
            ab_glyph::GlyphId(0) => 1.0,
            glyph => f64::from(font.h_advance_unscaled(glyph)) / units,
        };
        text.chars().map(advance).sum::<f64>() * size
    }

    fn covers(&self, c: char) -> bool {
        self.regular.glyph_id(c).0 != 0
    }
}

/// The fonts needed to draw a text (any text that contains it: a whole SVG document will do).
pub(crate) fn database_for(text: &str) -> Arc<Database> {
    let foreign: BTreeSet<char> = text.chars().filter(|&c| !c.is_control() && !built_in().covers(c)).collect();
    if foreign.is_empty() {
        return built_in_database();
    }
    let installed = installed_database();
    let missing = not_covered(&installed, foreign);
    match last_resort::font(&missing) {
        Some(bytes) => {
            let mut database = Database::clone(&installed);
            database.load_font_data(bytes);
            Arc::new(database)
        }
        None => installed,
    }
}

fn built_in_database() -> Arc<Database> {
    static DATABASE: OnceLock<Arc<Database>> = OnceLock::new();
    DATABASE
        .get_or_init(|| {
            let mut database = Database::new();
            database.load_font_data(REGULAR.to_vec());
            database.load_font_data(BOLD.to_vec());
            Arc::new(database)
        })
        .clone()
}

/// The built-in fonts and those of the machine.
fn installed_database() -> Arc<Database> {
    static DATABASE: OnceLock<Arc<Database>> = OnceLock::new();
    DATABASE
        .get_or_init(|| {
            let mut database = Database::clone(&built_in_database());
            database.load_system_fonts();
            Arc::new(database)
        })
        .clone()
}

/// Which of these characters no font of the database has.
fn not_covered(database: &Database, mut characters: BTreeSet<char>) -> BTreeSet<char> {
    for face in database.faces() {
        if characters.is_empty() {
            break;
        }
        database.with_face_data(face.id, |bytes, index| {
            if let Ok(font) = FontRef::try_from_slice_and_index(bytes, index) {
                characters.retain(|&c| font.glyph_id(c).0 == 0);
            }
        });
    }
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_font() {
        let fonts = built_in();
        assert_eq!(fonts.width("", 20.0, false), 0.0);
        assert!(fonts.width("iii", 20.0, false) < fonts.width("mmm", 20.0, false));
        assert!(fonts.width("loss", 20.0, false) < fonts.width("loss", 20.0, true));
        assert_eq!(fonts.width("学习", 20.0, false), 40.0);
        // Advance of "m" in DejaVu Sans: 1995 of 2048 units.
        assert!((fonts.width("m", 2048.0, false) - 1995.0).abs() < 0.5);
    }

    #[test]
    fn every_script_finds_a_glyph() {
        let text = "accuracy Ακρίβεια точность دقة 学习率 学習率 학습률 सटीकता ความแม่นยำ";
        let database = database_for(text);
        let left = not_covered(&database, text.chars().collect());
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn latin_text_needs_no_font_of_the_machine() {
        assert_eq!(database_for("lora_dropout=0.2 ± 1 %").len(), 2);
    }
}
