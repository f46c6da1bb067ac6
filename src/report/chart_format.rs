//! The formats of chart files.

/// The format of charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// 1600 pixels wide, 200 dots per inch.
    #[default]
    Png,
    Svg,
}

impl Format {
    pub(super) fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Svg => "svg",
        }
    }
}
