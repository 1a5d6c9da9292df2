//! Papers people send: PDF, or a photo of the paper. Judged by their bytes; what a PDF could do when it is opened is refused,
//! and of a photo nothing is kept but the picture.

use std::io::Read;

use actix_web::HttpResponse;
use actix_web::http::header;
use flate2::read::ZlibDecoder;

use super::pictures;
use crate::platform::objects::Objects;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    NOT_A_CERTIFICATE_FILE = "not_a_certificate_file" 415 "Chỉ nhận PDF, JPEG hoặc PNG." "Only PDF, JPEG or PNG are taken.";
    ACTIVE_PDF = "active_pdf" 422 "Tệp PDF có mã lệnh, tệp kèm hoặc bị khóa: hãy in ra PDF mới rồi gửi lại." "The PDF holds scripts or attachments, or is locked: print it to a new PDF and send that.";
    BROKEN_PDF = "broken_pdf" 422 "Tệp PDF bị hỏng hoặc chưa đủ." "The PDF is broken or incomplete.";
}

pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Keys of a PDF's objects (ISO 32000-2) that run something, hide a file, or lock what is in it.
const ACTIVE: &[&[u8]] = &[
    b"JavaScript",
    b"Launch",
    b"EmbeddedFile",
    b"EmbeddedFiles",
    b"RichMedia",
    b"SubmitForm",
    b"ImportData",
    b"GoToE",
    b"XFA",
    b"Encrypt",
];

/// What is unpacked of all object streams together: those hold small objects, never pictures.
const MAX_UNPACKED: u64 = 32 * 1024 * 1024;

pub struct Paper {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0 || b"()<>[]{}/%".contains(&byte)
}

/// A name behind its `/`, with `#4a` read as `J`.
fn name(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|byte| is_delimiter(*byte)).unwrap_or(bytes.len()).min(60);
    let (mut out, mut at) = (Vec::new(), 0);
    while at < end {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match hex {
            Some(byte) if bytes[at] == b'#' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

fn names_something_active(bytes: &[u8]) -> bool {
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(at, _)| name(&bytes[at + 1..])).any(|name| ACTIVE.contains(&name.as_slice()))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The object streams, unpacked; an error where one cannot be looked into.
fn unpacked(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Problem> {
    let (mut out, mut left, mut at) = (Vec::new(), MAX_UNPACKED, 0);
    while let Some(found) = find(&bytes[at..], b"stream") {
        let stream = at + found;
        at = stream + b"stream".len();
        if bytes[..stream].ends_with(b"end") {
            continue;
        }
        // Its dictionary: from the object's beginning, which is never far.
        let head = &bytes[stream.saturating_sub(65_536)..stream];
        let begin = head.windows(4).rposition(|window| window == b" obj").ok_or_else(|| Problem::new(&ACTIVE_PDF))?;
        let head = &head[begin..];
        if !head.split(|byte| *byte == b'/').any(|part| name(part) == b"ObjStm") {
            continue;
        }
        if find(head, b"Filter").is_none() {
            // As it stands; it is looked at with the rest of the file.
            continue;
        }
        let start = at + usize::from(bytes.get(at) == Some(&b'\r')) + 1;
        let mut plain = Vec::new();
        let read = ZlibDecoder::new(bytes.get(start..).unwrap_or_default()).take(left + 1).read_to_end(&mut plain);
        let size = u64::try_from(plain.len()).unwrap_or(u64::MAX);
        if size > left || (read.is_err() && plain.is_empty()) {
            return Err(Problem::new(&ACTIVE_PDF));
        }
        left -= size;
        out.push(plain);
    }
    Ok(out)
}

fn check_pdf(bytes: &[u8]) -> Result<(), Problem> {
    let tail = &bytes[bytes.len().saturating_sub(2_048)..];
    if find(tail, b"%%EOF").is_none() {
        return Err(Problem::new(&BROKEN_PDF));
    }
    if names_something_active(bytes) || unpacked(bytes)?.iter().any(|plain| names_something_active(plain)) {
        return Err(Problem::new(&ACTIVE_PDF));
    }
    Ok(())
}

/// The paper as it is kept.
pub fn judge(bytes: Vec<u8>) -> Result<Paper, Problem> {
    if bytes.starts_with(b"%PDF-") {
        check_pdf(&bytes)?;
        return Ok(Paper { media_type: "application/pdf", bytes });
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) || bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(Paper { media_type: "image/jpeg", bytes: pictures::page(&bytes)? });
    }
    Err(Problem::new(&NOT_A_CERTIFICATE_FILE))
}

/// Judges and keeps a paper under a key; its media type and size.
pub async fn keep(objects: &Objects, key: &str, bytes: Vec<u8>) -> Result<(&'static str, i64), Problem> {
    let _turn = super::turn().await?;
    let paper = tokio::task::spawn_blocking(move || judge(bytes)).await.map_err(Problem::internal)??;
    let size = i64::try_from(paper.bytes.len()).unwrap_or(i64::MAX);
    objects.put(key, paper.bytes).await.map_err(Problem::unavailable)?;
    Ok((paper.media_type, size))
}

/// A paper that was kept, with what keeps a browser from running anything in it.
pub async fn serve(
    objects: &Objects,
    (key, media_type): (&str, &str),
    name: &str,
    cache: &'static str,
) -> Result<HttpResponse, Problem> {
    let bytes = objects.get(key).await.map_err(Problem::unavailable)?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let extension = if media_type == "application/pdf" { "pdf" } else { "jpg" };
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{extension}\"")))
        .body(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pdf(body: &[u8]) -> Vec<u8> {
        [b"%PDF-1.7\n1 0 obj\n".as_slice(), body, b"\nendobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"].concat()
    }

    fn packed(objects: &[u8]) -> Vec<u8> {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(objects).expect("packed");
        let packed = zlib.finish().expect("packed");
        let head = format!("<</Type /ObjStm /Filter /FlateDecode /Length {}>>\nstream\r\n", packed.len());
        pdf(&[head.as_bytes(), &packed, b"\nendstream"].concat())
    }

    fn code(bytes: Vec<u8>) -> Option<&'static str> {
        judge(bytes).err().map(|problem| problem.code.name)
    }

    #[test]
    fn a_plain_pdf_is_taken_and_what_acts_is_not_however_it_hides() {
        assert_eq!(code(pdf(b"<</Type /Catalog /Pages 2 0 R>>")), None);
        assert_eq!(code(packed(b"2 0 <</Type /Pages /Kids [3 0 R]>>")), None);
        for body in [
            b"<</OpenAction <</S /JavaScript /JS (app.alert(1))>>>>".as_slice(),
            b"<</A <</S /L#61unch /F (cmd.exe)>>>>",
            b"<</Names <</EmbeddedFiles 7 0 R>>>>",
            b"<</Encrypt 9 0 R>>",
        ] {
            assert_eq!(code(pdf(body)), Some("active_pdf"), "{}", String::from_utf8_lossy(body));
            assert_eq!(code(packed(body)), Some("active_pdf"), "packed: {}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn a_bomb_half_a_file_and_other_kinds_are_refused() {
        assert_eq!(code(packed(&vec![b' '; 40 * 1024 * 1024])), Some("active_pdf"));
        assert_eq!(code(b"%PDF-1.7\n1 0 obj".to_vec()), Some("broken_pdf"));
        assert_eq!(code(b"PK\x03\x04 a sheet".to_vec()), Some("not_a_certificate_file"));
        assert_eq!(code(b"MZ\x90\x00 a program".to_vec()), Some("not_a_certificate_file"));
        assert_eq!(code(b"\xff\xd8\xff\xe0 no picture".to_vec()), Some("broken_picture"));
    }
}
