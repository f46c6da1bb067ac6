//! From the SVG that plotters draws to a PNG.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::fonts;

/// Resolution written into every PNG: 1600 pixels are 8 inches.
pub(crate) const DOTS_PER_INCH: u32 = 200;

/// A chart could not be turned into a PNG.
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    #[error("the chart is no sound SVG: {0}")]
    Svg(#[from] resvg::usvg::Error),
    #[error("no memory for a picture of {0}x{1} pixels")]
    Size(u32, u32),
    #[error("cannot encode the picture: {0}")]
    Encode(#[from] png::EncodingError),
}

/// Draws an SVG at one pixel per unit, 8 bits per channel, no transparency.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, RasterError> {
    let options =
        Options { font_family: fonts::FAMILY.to_string(), fontdb: fonts::database_for(svg), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width(), size.height());
    let mut pixels = Pixmap::new(width, height).ok_or(RasterError::Size(width, height))?;
    pixels.fill(resvg::tiny_skia::Color::WHITE);
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    let rgb: Vec<u8> = pixels.data().as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    encode(width, height, &rgb)
}

fn encode(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, RasterError> {
    // 39.3701 inches to the metre.
    let per_metre = (f64::from(DOTS_PER_INCH) * 39.3701).round() as u32;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_states_its_size_and_resolution_and_shows_what_was_drawn() {
        let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect x="0" y="0" width="20" height="20" fill="#ff0000"/></svg>"##;
        let bytes = png(svg).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (40, 20));
        assert_eq!(&pixels[..3], [255, 0, 0]);
        assert_eq!(&pixels[39 * 3..40 * 3], [255, 255, 255]);
        let dims = reader.info().pixel_dims.unwrap();
        assert_eq!((dims.xppu, dims.unit), (7874, png::Unit::Meter));
    }
}
