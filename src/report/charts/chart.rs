//! A chart as it leaves this module.

use super::canvas::Picture;
use super::raster::{self, RasterError};

/// A chart with its words.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// File name without extension.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    /// What the chart shows, for those who cannot see it and for the caption.
    pub(crate) description: String,
    pub(super) picture: Picture,
}

impl Chart {
    pub(super) fn new(name: &'static str, title: &str, description: String, picture: Picture) -> Chart {
        Chart { name, title: title.to_string(), description, picture }
    }

    pub(crate) fn svg(&self) -> &str {
        &self.picture.svg
    }

    /// Width and height as in the issue of publication: 200 dots per inch.
    pub(crate) fn png(&self) -> Result<Vec<u8>, RasterError> {
        raster::png(&self.picture.svg)
    }
}
