//! Colours and markers. A configuration keeps its look in every chart of a report.

use plotters::style::RGBColor;

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
/// Secondary text and reference lines.
pub(crate) const MUTED: RGBColor = RGBColor(0x59, 0x63, 0x6e);
/// Grid lines.
pub(crate) const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xeb);
/// Bands behind data that mean "the baseline".
pub(crate) const SHADE: RGBColor = RGBColor(0xf1, 0xf3, 0xf5);
/// The background of a chart.
pub(crate) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// Data that is context only.
pub(crate) const CONTEXT: RGBColor = RGBColor(0xc4, 0xca, 0xd1);
/// Data without a colour of its own.
pub(crate) const NEUTRAL: RGBColor = RGBColor(0x6b, 0x75, 0x80);

/// Okabe and Ito, "Color Universal Design" (2008), without black (the baseline's) and without yellow (too faint for
/// lines on a light background).
pub(crate) const OKABE_ITO: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
];

/// Black, the first colour of Okabe and Ito's set.
pub(crate) const BASELINE: RGBColor = RGBColor(0, 0, 0);

/// The shape of a data point: tells configurations apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Plus,
    Cross,
}

/// How a configuration is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) color: RGBColor,
    pub(crate) marker: Marker,
}

impl Look {
    /// Of the baseline configuration.
    pub(crate) const BASELINE: Look = Look { color: BASELINE, marker: Marker::Circle };
    /// Of configurations beyond those that have a look of their own.
    pub(crate) const PLAIN: Look = Look { color: NEUTRAL, marker: Marker::Circle };

    /// The look of the `index`-th configuration other than the baseline.
    pub(crate) fn distinct(index: usize) -> Look {
        const MARKERS: [Marker; 6] =
            [Marker::Square, Marker::Triangle, Marker::Diamond, Marker::TriangleDown, Marker::Plus, Marker::Cross];
        match (OKABE_ITO.get(index), MARKERS.get(index)) {
            (Some(&color), Some(&marker)) => Look { color, marker },
            _ => Look::PLAIN,
        }
    }
}

/// A colour between white (0) and Okabe-Ito blue, darkened (1); monotone in lightness, so it also reads in print.
pub(crate) fn sequential(share: f64) -> RGBColor {
    const STOPS: [(f64, [f64; 3]); 4] = [
        (0.0, [247.0, 250.0, 253.0]),
        (0.35, [168.0, 205.0, 230.0]),
        (0.75, [0.0, 114.0, 178.0]),
        (1.0, [0.0, 50.0, 92.0]),
    ];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let upper = STOPS.iter().position(|(at, _)| *at >= share).unwrap_or(STOPS.len() - 1).max(1);
    let (from, to) = (STOPS[upper - 1], STOPS[upper]);
    let t = (share - from.0) / (to.0 - from.0);
    let mix = |i: usize| (from.1[i] + t * (to.1[i] - from.1[i])).round() as u8;
    RGBColor(mix(0), mix(1), mix(2))
}

/// Relative luminance (WCAG 2.2), 0 black to 1 white.
pub(crate) fn luminance(color: RGBColor) -> f64 {
    let channel = |value: u8| {
        let v = f64::from(value) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(color.0) + 0.7152 * channel(color.1) + 0.0722 * channel(color.2)
}

/// Nearly black or nearly white: what reads on a ground of this luminance. Not [`INK`] and [`PAPER`], which follow the
/// page's colour scheme while the ground stays.
pub(crate) fn on(luminance: f64) -> RGBColor {
    if luminance > 0.3 { RGBColor(0x12, 0x16, 0x1a) } else { RGBColor(0xfd, 0xfd, 0xfd) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_told_apart_by_colour_and_by_shape() {
        let mut looks = vec![Look::BASELINE];
        looks.extend((0..OKABE_ITO.len()).map(Look::distinct));
        for (i, a) in looks.iter().enumerate() {
            for b in &looks[i + 1..] {
                assert_ne!(a.color, b.color);
                assert_ne!(a.marker, b.marker);
            }
        }
        assert_eq!(Look::distinct(OKABE_ITO.len()), Look::PLAIN);
    }

    #[test]
    fn the_sequential_scale_darkens_steadily() {
        let shades: Vec<f64> = (0..=20).map(|i| luminance(sequential(f64::from(i) / 20.0))).collect();
        assert!(shades.windows(2).all(|pair| pair[1] < pair[0]), "{shades:?}");
        assert_eq!(sequential(f64::NAN), sequential(0.0));
    }
}
