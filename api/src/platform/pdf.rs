//! Papers to print: text in Vietnamese, rules, QR codes, in points (1/72 inch) from the upper left corner.

use std::sync::LazyLock;

use anyhow::{Context, anyhow};
use fast_qr::qr::QRBuilder;
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};

/// DejaVu Sans Condensed, cut down to Latin and Vietnamese.
static REGULAR: &[u8] = include_bytes!("../../assets/fonts/DejaVuSansCondensed.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/DejaVuSansCondensed-Bold.ttf");

struct Face {
    font: Font,
    measure: ttf_parser::Face<'static>,
}

fn face(bytes: &'static [u8]) -> Option<Face> {
    let font = Font::new(bytes.to_vec().into(), 0)?;
    Some(Face { font, measure: ttf_parser::Face::parse(bytes, 0).ok()? })
}

static FACES: LazyLock<Option<(Face, Face)>> = LazyLock::new(|| Some((face(REGULAR)?, face(BOLD)?)));

fn faces() -> anyhow::Result<&'static (Face, Face)> {
    FACES.as_ref().context("the built-in fonts cannot be read")
}

/// DIN A4.
pub const A4: (f32, f32) = (595.0, 842.0);
/// DIN A6, as label printers and a quarter of A4 have it.
pub const A6: (f32, f32) = (298.0, 420.0);

pub struct Pdf {
    document: Document,
}

/// One page being written.
pub struct Canvas<'a, 'b> {
    surface: &'a mut Surface<'b>,
    pub width: f32,
    pub height: f32,
}

impl Pdf {
    pub fn new(title: &str) -> Self {
        let mut document = Document::new();
        document.set_metadata(Metadata::new().title(title.to_owned()).creator("Chợ OCOP".to_owned()));
        Self { document }
    }

    pub fn page(
        &mut self,
        (width, height): (f32, f32),
        draw: impl FnOnce(&mut Canvas<'_, '_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let settings = PageSettings::from_wh(width, height).context("page size")?;
        let mut page = self.document.start_page_with(settings);
        let mut surface = page.surface();
        let drawn = draw(&mut Canvas { surface: &mut surface, width, height });
        surface.finish();
        page.finish();
        drawn
    }

    pub fn finish(self) -> anyhow::Result<Vec<u8>> {
        self.document.finish().map_err(|error| anyhow!("PDF: {error:?}"))
    }
}

/// What a text looks like.
#[derive(Clone, Copy)]
pub struct Style {
    pub size: f32,
    pub bold: bool,
}

pub const fn plain(size: f32) -> Style {
    Style { size, bold: false }
}

pub const fn bold(size: f32) -> Style {
    Style { size, bold: true }
}

/// How wide a text is.
pub fn width(text: &str, style: Style) -> anyhow::Result<f32> {
    let (regular, heavy) = faces()?;
    let face = if style.bold { &heavy.measure } else { &regular.measure };
    let units: u32 =
        text.chars().map(|c| face.glyph_index(c).and_then(|id| face.glyph_hor_advance(id)).map_or(0, u32::from)).sum();
    #[allow(clippy::cast_precision_loss, reason = "a line of text")]
    Ok(units as f32 / f32::from(face.units_per_em()) * style.size)
}

/// The text in lines no wider than `limit`.
pub fn wrap(text: &str, style: Style, limit: f32) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if line.is_empty() || width(&longer, style)? <= limit {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

impl Canvas<'_, '_> {
    /// Writes one line; `y` is its baseline.
    pub fn text(&mut self, x: f32, y: f32, text: &str, style: Style) -> anyhow::Result<()> {
        let (regular, heavy) = faces()?;
        let font = if style.bold { heavy.font.clone() } else { regular.font.clone() };
        // What the font lacks (emoji in a buyer's note) would be drawn as empty boxes.
        let measure = if style.bold { &heavy.measure } else { &regular.measure };
        let known: String = text.chars().filter(|c| measure.glyph_index(*c).is_some()).collect();
        self.surface.draw_text(Point::from_xy(x, y), font, style.size, &known, false, TextDirection::LeftToRight);
        Ok(())
    }

    /// Writes a line that ends at `x`.
    pub fn text_right(&mut self, x: f32, y: f32, text: &str, style: Style) -> anyhow::Result<()> {
        let start = x - width(text, style)?;
        self.text(start, y, text, style)
    }

    /// Writes lines no wider than `limit`; the baseline for what comes after.
    pub fn block(&mut self, x: f32, mut y: f32, text: &str, style: Style, limit: f32) -> anyhow::Result<f32> {
        for line in wrap(text, style, limit)? {
            self.text(x, y, &line, style)?;
            y += style.size * 1.3;
        }
        Ok(y)
    }

    pub fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32) -> anyhow::Result<()> {
        let rect = Rect::from_xywh(x, y, width, height).context("rectangle")?;
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        let path = path.finish().context("path")?;
        self.surface.set_fill(Some(Fill { paint: rgb::Color::new(0, 0, 0).into(), ..Fill::default() }));
        self.surface.draw_path(&path);
        Ok(())
    }

    pub fn rule(&mut self, x: f32, y: f32, length: f32) -> anyhow::Result<()> {
        self.rectangle(x, y, length, 0.6)
    }

    /// An empty box to tick.
    pub fn tick_box(&mut self, x: f32, y: f32, size: f32) -> anyhow::Result<()> {
        self.rectangle(x, y, size, 0.7)?;
        self.rectangle(x, y + size, size, 0.7)?;
        self.rectangle(x, y, 0.7, size)?;
        self.rectangle(x + size, y, 0.7, size + 0.7)
    }

    /// A QR code in a square of this size, quiet zone included.
    pub fn qr(&mut self, x: f32, y: f32, size: f32, text: &str) -> anyhow::Result<()> {
        let code = QRBuilder::new(text).build().map_err(|error| anyhow!("QR code: {error:?}"))?;
        #[allow(clippy::cast_precision_loss, reason = "at most 177 modules")]
        let at = |index: usize| index as f32;
        let module = size / (at(code.size) + 8.0);
        let mut path = PathBuilder::new();
        for row in 0..code.size {
            for column in 0..code.size {
                if code[row][column].value() {
                    let (left, top) = (x + (at(column) + 4.0) * module, y + (at(row) + 4.0) * module);
                    // A hair wider, so that no white seams show between modules.
                    path.push_rect(Rect::from_xywh(left, top, module * 1.02, module * 1.02).context("module")?);
                }
            }
        }
        let path = path.finish().context("path")?;
        self.surface.set_fill(Some(Fill { paint: rgb::Color::new(0, 0, 0).into(), ..Fill::default() }));
        self.surface.draw_path(&path);
        Ok(())
    }
}

/// A QR code as an inline SVG of the text's colour, quiet zone included.
pub fn qr_svg(text: &str, label: &str) -> anyhow::Result<String> {
    use std::fmt::Write as _;
    let code = QRBuilder::new(text).build().map_err(|error| anyhow!("QR code: {error:?}"))?;
    let side = code.size + 8;
    let mut path = String::new();
    for row in 0..code.size {
        for column in 0..code.size {
            if code[row][column].value() {
                let _ = write!(path, "M{} {}h1v1h-1z", column + 4, row + 4);
            }
        }
    }
    Ok(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {side} {side}\" width=\"220\" height=\"220\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path fill=\"#000\" d=\"{path}\"/></svg>",
        super::templates::escape(label)
    ))
}

/// A QR code as a picture that a phone keeps among its pictures, where banks' apps look for it: eight pixels a module.
pub fn qr_png(text: &str) -> anyhow::Result<Vec<u8>> {
    const MODULE: u32 = 8;
    let code = QRBuilder::new(text).build().map_err(|error| anyhow!("QR code: {error:?}"))?;
    let side = u32::try_from(code.size + 8)? * MODULE;
    let dark = |x: u32, y: u32| {
        let place = |at: u32| usize::try_from(at / MODULE).ok()?.checked_sub(4).filter(|&at| at < code.size);
        place(y).zip(place(x)).is_some_and(|(row, column)| code[row][column].value())
    };
    let picture = image::GrayImage::from_fn(side, side, |x, y| image::Luma([if dark(x, y) { 0 } else { 255 }]));
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, image::ImageFormat::Png)?;
    Ok(out.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_is_drawn_and_wrapped() {
        let text = "Bưởi Diễn Đú Sáng, hộp 6 quả, ruột vàng, ngọt thanh, vị thơm nồng; hái sáng nay ở xóm Suối Chuộn";
        let lines = wrap(text, plain(10.0), 150.0).expect("fonts");
        assert!(lines.len() > 2 && lines.iter().all(|line| width(line, plain(10.0)).expect("fonts") <= 150.0));
        let (regular, heavy) = faces().expect("fonts");
        for c in "ăâđêôơưĂÂĐÊÔƠƯàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ₫★✓".chars()
        {
            assert!(regular.measure.glyph_index(c).is_some() && heavy.measure.glyph_index(c).is_some(), "{c}");
        }
        let mut pdf = Pdf::new("Thử");
        pdf.page(A6, |canvas| {
            canvas.text(10.0, 20.0, text, bold(9.0))?;
            canvas.qr(10.0, 40.0, 100.0, "https://cho-ocop.example/o/1")
        })
        .expect("drawn");
        assert!(pdf.finish().expect("finished").starts_with(b"%PDF-"));
    }
}
