//! What a picture must be, and what becomes of it. No I/O.

use std::io::Cursor;

use fast_image_resize::Resizer;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

use crate::platform::problem::{Problem, codes};

codes! {
    NOT_A_PICTURE = "not_a_picture" 415 "Chỉ nhận ảnh JPEG, PNG hoặc WebP." "Only JPEG, PNG or WebP pictures are taken.";
    HEIC = "heic_not_taken" 415 "Ảnh HEIC của iPhone chưa đọc được. Vào Cài đặt › Camera › Định dạng, chọn “Tương thích nhất”, rồi chụp lại." "HEIC pictures of an iPhone cannot be read. Choose Settings › Camera › Formats › Most Compatible, and take it again.";
    BROKEN_PICTURE = "broken_picture" 422 "Ảnh bị hỏng hoặc không đọc được." "The picture is broken or cannot be read.";
    PICTURE_TOO_BIG = "picture_too_big" 422 "Ảnh quá lớn: nhiều nhất 50 triệu điểm ảnh." "The picture is too big: at most 50 million pixels.";
    PICTURE_TOO_SMALL = "picture_too_small" 422 "Ảnh quá nhỏ: mỗi cạnh ít nhất 100 điểm ảnh." "The picture is too small: at least 100 pixels each way.";
}

/// What a phone's camera makes, with room to spare.
pub const MAX_BYTES: usize = 12 * 1024 * 1024;
const MAX_PIXELS: u64 = 50_000_000;
const MAX_SIDE: u32 = 12_000;
const MIN_SIDE: u32 = 100;
/// Pixels wide, as `srcset` names them.
const WIDTHS: [u32; 3] = [320, 640, 1280];

pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

pub struct Converted {
    /// Of the widest.
    pub width: u32,
    pub height: u32,
    pub widths: Vec<u32>,
    pub files: Vec<File>,
}

/// Judges by the bytes, not by what the sender calls them; decodes within limits; turns upright; writes WebP in a few
/// widths and one JPEG. Whatever else was in the file (place, camera, thumbnails) is gone.
pub fn convert(bytes: &[u8]) -> Result<Converted, Problem> {
    let upright = decode(bytes)?;
    let (width, height) = (upright.width(), upright.height());
    let widest = width.min(WIDTHS[WIDTHS.len() - 1]);
    let mut widths: Vec<u32> = WIDTHS.into_iter().filter(|of| *of < widest).collect();
    widths.push(widest);
    let mut files = Vec::new();
    let (mut last_height, mut source) = (height, upright);
    // From wide to narrow, each from the one before: a fraction of the work, and no visible difference.
    for of in widths.iter().rev() {
        let scaled_height = u32::try_from(u64::from(height) * u64::from(*of) / u64::from(width)).unwrap_or(1).max(1);
        source = DynamicImage::ImageRgb8(resized(source, *of, scaled_height)?);
        let rgb = source.as_rgb8().ok_or_else(|| Problem::internal("not RGB"))?;
        let webp = webp::Encoder::from_rgb(rgb.as_raw(), *of, scaled_height).encode(80.0);
        files.push(File { name: format!("{of}.webp"), bytes: webp.to_vec() });
        if *of == widest {
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, 82).encode_image(rgb).map_err(Problem::internal)?;
            files.push(File { name: format!("{of}.jpg"), bytes: jpeg });
            last_height = scaled_height;
        }
    }
    Ok(Converted { width: widest, height: last_height, widths, files })
}

/// A photo of a paper: one JPEG, upright, wide enough to be read.
pub fn page(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    const WIDE: u32 = 2_400;
    let upright = decode(bytes)?;
    let width = upright.width().min(WIDE);
    let height = u64::from(upright.height()) * u64::from(width) / u64::from(upright.width());
    let scaled = resized(upright, width, u32::try_from(height).unwrap_or(1).max(1))?;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 85).encode_image(&scaled).map_err(Problem::internal)?;
    Ok(jpeg)
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, Problem> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return Err(Problem::new(&HEIC));
    }
    let Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) = image::guess_format(bytes) else {
        return Err(Problem::new(&NOT_A_PICTURE));
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_PIXELS * 4 + 64 * 1024 * 1024);
    reader.limits(limits);
    let broken = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => Problem::new(&PICTURE_TOO_BIG),
        _ => Problem::new(&BROKEN_PICTURE),
    };
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    // The header is believed before anything is unpacked: a bomb is small on disk alone.
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Problem::new(&PICTURE_TOO_BIG));
    }
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(Problem::new(&PICTURE_TOO_SMALL));
    }
    let orientation = decoder.orientation().map_err(broken)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(DynamicImage::ImageRgb8(on_white(picture)))
}

/// What shows through is white, as paper is.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    let mut out = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in out.pixels_mut().zip(rgba.pixels()) {
        let alpha = u32::from(from.0[3]);
        for (to, from) in to.0.iter_mut().zip(from.0) {
            *to = u8::try_from((u32::from(from) * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255);
        }
    }
    out
}

fn resized(picture: DynamicImage, width: u32, height: u32) -> Result<RgbImage, Problem> {
    if (picture.width(), picture.height()) == (width, height) {
        return Ok(picture.into_rgb8());
    }
    let source = picture.into_rgb8();
    let mut out = RgbImage::new(width, height);
    // Of this pixel alone: the code for every other kind of picture would weigh three megabytes.
    let from = TypedImageRef::<U8x3>::from_buffer(source.width(), source.height(), source.as_raw());
    let mut to = TypedImage::<U8x3>::from_buffer(width, height, &mut out).map_err(Problem::internal)?;
    Resizer::new().resize_typed(&from.map_err(Problem::internal)?, &mut to, None).map_err(Problem::internal)?;
    drop(to);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        DynamicImage::new_rgb8(width, height).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).expect("PNG");
        bytes
    }

    #[test]
    fn a_photo_becomes_three_widths_and_a_fallback() {
        let made = convert(&png(2000, 1500)).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!((made.width, made.height, made.widths), (1280, 960, vec![320, 640, 1280]));
        let names: Vec<_> = made.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["1280.webp", "1280.jpg", "640.webp", "320.webp"]);
        for file in &made.files {
            assert!(image::guess_format(&file.bytes).is_ok(), "{}", file.name);
        }
    }

    #[test]
    fn what_is_no_photo_is_refused_with_a_clear_word() {
        let code = |bytes: &[u8]| convert(bytes).err().map(|problem| problem.code.name);
        assert_eq!(code(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Some("not_a_picture"));
        assert_eq!(code(b"GIF89a............"), Some("not_a_picture"));
        assert_eq!(code(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Some("heic_not_taken"));
        assert_eq!(code(&png(50, 500)), Some("picture_too_small"));
        assert_eq!(code(&png(300, 300)[..60]), Some("broken_picture"));
    }

    #[test]
    fn a_bomb_is_told_by_its_header() {
        // A PNG header that announces 11,000 × 11,000 pixels, and nothing behind it.
        let mut bytes = png(300, 300);
        bytes[16..20].copy_from_slice(&11_000_u32.to_be_bytes());
        bytes[20..24].copy_from_slice(&11_000_u32.to_be_bytes());
        // The checksum of the header chunk, made anew.
        let checksum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(convert(&bytes).err().map(|problem| problem.code.name), Some("picture_too_big"));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        !crc
    }
}
