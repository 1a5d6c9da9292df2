//! Files sent by people: as the body itself, or as a form's file field. Sizes are bounded while reading.

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Payload;
use futures_util::StreamExt;

use super::problem::{MALFORMED, Problem, TOO_LARGE};

#[derive(Debug)]
pub struct Upload {
    /// As the sender calls it; for showing, never for storing under.
    pub file_name: String,
    pub bytes: Vec<u8>,
    /// The form's other fields.
    pub fields: Vec<(String, String)>,
    /// Further files, by field name.
    pub others: Vec<(String, Vec<u8>)>,
}

impl Upload {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn other(&mut self, name: &str) -> Option<Vec<u8>> {
        let index = self.others.iter().position(|(field, bytes)| field == name && !bytes.is_empty())?;
        Some(self.others.swap_remove(index).1)
    }
}

/// Fields beside the file are short.
const MAX_FIELD: usize = 20_000;
const MAX_FIELDS: usize = 60;

/// Reads an upload of at most `most` bytes in all.
pub async fn read(request: &HttpRequest, payload: Payload, most: usize) -> Result<Upload, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most + 64 * 1024) {
        return Err(Problem::new(&TOO_LARGE));
    }
    if kind.starts_with("multipart/form-data") {
        return form(request, payload, most).await;
    }
    let bytes = drain(payload, most).await?;
    Ok(Upload { file_name: String::new(), bytes, fields: Vec::new(), others: Vec::new() })
}

async fn drain<E>(
    mut stream: impl futures_util::Stream<Item = Result<actix_web::web::Bytes, E>> + Unpin,
    most: usize,
) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::new(&MALFORMED))?;
        if bytes.len() + chunk.len() > most {
            return Err(Problem::new(&TOO_LARGE));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn form(request: &HttpRequest, payload: Payload, most: usize) -> Result<Upload, Problem> {
    let mut parts = Multipart::new(request.headers(), payload);
    let mut upload = Upload { file_name: String::new(), bytes: Vec::new(), fields: Vec::new(), others: Vec::new() };
    let mut left = most;
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Problem::new(&MALFORMED))?;
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.content_disposition().and_then(|d| d.get_filename()).map(str::to_owned);
        if upload.fields.len() + upload.others.len() > MAX_FIELDS {
            return Err(Problem::new(&TOO_LARGE));
        }
        match file_name {
            Some(file_name) => {
                let bytes = drain(part, left).await?;
                left -= bytes.len();
                if name == "file" {
                    upload.file_name = file_name.chars().filter(|c| !c.is_control()).take(120).collect();
                    upload.bytes = bytes;
                } else {
                    upload.others.push((name, bytes));
                }
            }
            None => {
                let text = String::from_utf8(drain(part, MAX_FIELD).await?).map_err(|_| Problem::new(&MALFORMED))?;
                upload.fields.push((name, text));
            }
        }
    }
    Ok(upload)
}
