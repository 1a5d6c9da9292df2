//! What search engines ask for first.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::shell::{Fault, Shell};
use crate::config::Config;
use crate::platform::problem::Problem;

/// Addresses in one sitemap, at most (sitemaps.org).
const MOST: usize = 50_000;

#[get("/robots.txt")]
pub async fn robots(config: Data<Config>) -> HttpResponse {
    let body = format!(
        "User-agent: *\nDisallow: /basket\nDisallow: /checkout/\nDisallow: /o/\nDisallow: /go/\nDisallow: /account\nDisallow: /sign-in\nDisallow: /sign-up\nDisallow: /forgot\nDisallow: /admin\nDisallow: /officer\nDisallow: /business\nDisallow: /console\nDisallow: /partner\nDisallow: /v1/\nSitemap: {}/sitemap.xml\n",
        config.base_url()
    );
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(body)
}

fn write(addresses: impl Iterator<Item = (String, Option<String>)>) -> std::io::Result<Vec<u8>> {
    let mut out = Writer::new(Vec::new());
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = out.create_element("urlset").with_attribute(("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9"));
    let root = root.with_attribute(("xmlns:xhtml", "http://www.w3.org/1999/xhtml"));
    root.write_inner_content(|out| {
        for (address, modified) in addresses {
            out.create_element("url").write_inner_content(|out| {
                out.create_element("loc").write_text_content(BytesText::new(&address))?;
                if let Some(modified) = &modified {
                    out.create_element("lastmod").write_text_content(BytesText::new(modified))?;
                }
                for (language, suffix) in [("vi", ""), ("en", "?lang=en")] {
                    let other = format!("{address}{suffix}");
                    let link = out.create_element("xhtml:link").with_attribute(("rel", "alternate"));
                    link.with_attribute(("hreflang", language))
                        .with_attribute(("href", other.as_str()))
                        .write_empty()?;
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(out.into_inner())
}

#[get("/sitemap.xml")]
pub async fn sitemap(shell: Shell) -> Result<HttpResponse, Fault> {
    let base = shell.config.storefront_url();
    let (products, cooperatives) = shell.catalogue.addresses();
    let book = shell.guide.book().clone();
    let places = book.places.iter().map(|place| (format!("{base}/d/{}", place.row.slug), None));
    let all = std::iter::once((format!("{base}/"), None))
        .chain(cooperatives.into_iter().map(|slug| (format!("{base}/c/{slug}"), None)))
        .chain(places)
        .chain(products.into_iter().map(|(slug, at)| (format!("{base}/p/{slug}"), Some(at.date().to_string()))));
    let bytes = write(all.take(MOST)).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/xml; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=600"))
        .body(bytes))
}
