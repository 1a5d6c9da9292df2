//! The API's description for people, at `/docs/`: Swagger UI's own files, read from the archive they are published in when
//! somebody asks for one, and a page of ours around them. Nothing comes from elsewhere.

use std::io::{Cursor, Read};

use actix_web::http::header;
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

use crate::platform::problem::{NOT_FOUND, Problem};

const PAGE: &str = include_str!("../assets/swagger/index.html");
const START: &str = include_str!("../assets/swagger/start.js");
/// What the page needs of the archive, with its type.
const FILES: &[(&str, &str)] = &[
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
];
/// Scripts and styles are this server's alone, and none stand in the page.
const POLICY: &str =
    "default-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub fn routes(config: &mut ServiceConfig) {
    config.service(entry).service(show);
}

#[get("/docs")]
async fn entry() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

#[get("/docs/{file:[^/]*}")]
async fn show(name: Path<String>) -> Result<HttpResponse, Problem> {
    let answer = |kind: &'static str, body: Vec<u8>| {
        HttpResponse::Ok()
            .content_type(kind)
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
            .body(body)
    };
    match name.as_str() {
        "" | "index.html" => return Ok(answer("text/html; charset=utf-8", PAGE.into())),
        "start.js" => return Ok(answer("text/javascript; charset=utf-8", START.into())),
        _ => {}
    }
    let known = FILES.iter().find(|(known, _)| *known == name.as_str());
    let (file, kind) = known.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let body = actix_web::web::block(|| unpacked(file)).await.map_err(Problem::internal)?;
    Ok(answer(kind, body.map_err(Problem::internal)?))
}

/// A file of `dist/`, in whichever version's folder the archive has it.
fn unpacked(file: &str) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let end = format!("/dist/{file}");
    let name = archive.file_names().flatten().find(|name| name.ends_with(&end)).map(String::from);
    let name = name.ok_or_else(|| anyhow::anyhow!("the archive of Swagger UI has no {file}"))?;
    let mut bytes = Vec::new();
    archive.by_name(&name)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_has_all_that_the_page_asks_for() {
        for (file, _) in FILES {
            assert!(unpacked(file).expect(file).len() > 100, "{file}");
            assert!(PAGE.contains(file), "{file} is on the page");
        }
    }
}
