//! RSS 2.0 with Google's `g:` attributes, and Atom (RFC 4287).

use std::io::Write;

use entity::value::{Language, Vnd};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use time::OffsetDateTime;

use super::{availability, is_listing, rfc2822, rfc3339, stars};
use crate::platform::fold::printable;
use crate::shop::catalogue::rules::Availability;
use crate::tourism::sheet::{Item, Sheet};

type Out = Writer<Vec<u8>>;

fn text(out: &mut Out, name: &str, content: &str) -> std::io::Result<()> {
    out.create_element(name).write_text_content(BytesText::new(&printable(content)))?;
    Ok(())
}

fn begin() -> std::io::Result<Out> {
    let mut out = Writer::new(Vec::new());
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    Ok(out)
}

/// What is said of an item in words: summary, pack, price, stars, cooperative.
fn words(item: &Item, language: Language) -> String {
    let price = item.price.map(|price| Vnd(price).to_string()).unwrap_or_default();
    let sold_out = item.availability == Availability::OutOfStock;
    let sold_out = if !sold_out {
        ""
    } else if language == Language::En {
        "Sold out"
    } else {
        "Hết hàng"
    };
    let facts = [
        sold_out.to_owned(),
        item.pack.clone(),
        price,
        stars(item, language == Language::Vi),
        item.cooperative.clone(),
    ];
    let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    format!("{} {}", item.summary, facts.join(" · ")).trim().to_owned()
}

/// `updated`: when the feed last changed.
pub fn rss(sheet: &Sheet, updated: OffsetDateTime) -> anyhow::Result<Vec<u8>> {
    let mut out = begin()?;
    let root = out
        .create_element("rss")
        .with_attribute(("version", "2.0"))
        .with_attribute(("xmlns:g", "http://base.google.com/ns/1.0"))
        .with_attribute(("xmlns:atom", "http://www.w3.org/2005/Atom"));
    root.write_inner_content(|out| {
        out.create_element("channel").write_inner_content(|out| {
            text(out, "title", &sheet.title)?;
            text(out, "link", &sheet.home)?;
            text(out, "description", &sheet.disclosure)?;
            text(out, "language", sheet.language.as_str())?;
            text(out, "lastBuildDate", &rfc2822(updated))?;
            let own = format!("{}.rss", sheet.address);
            out.create_element("atom:link")
                .with_attribute(("href", own.as_str()))
                .with_attribute(("rel", "self"))
                .with_attribute(("type", "application/rss+xml"))
                .write_empty()?;
            sheet.items.iter().try_for_each(|item| rss_item(out, item, sheet.language))
        })?;
        Ok(())
    })?;
    Ok(out.into_inner())
}

fn rss_item(out: &mut Out, item: &Item, language: Language) -> std::io::Result<()> {
    out.create_element("item").write_inner_content(|out| {
        text(out, "title", &item.name)?;
        text(out, "link", &item.link)?;
        text(out, "description", &words(item, language))?;
        out.create_element("guid")
            .with_attribute(("isPermaLink", "false"))
            .write_text_content(BytesText::new(&item.id))?;
        text(out, "pubDate", &rfc2822(item.changed_at))?;
        text(out, "category", &item.category)?;
        if !is_listing(item) {
            return Ok(());
        }
        text(out, "g:id", &item.id)?;
        text(out, "g:title", &item.name)?;
        text(out, "g:description", if item.summary.is_empty() { &item.name } else { &item.summary })?;
        text(out, "g:link", &item.link)?;
        text(out, "g:image_link", item.image.as_ref().map_or("", |image| &image.url))?;
        text(out, "g:availability", availability(item))?;
        // The price as listed; what is asked while it is reduced stands beside it.
        let price = item.price.unwrap_or(0);
        text(out, "g:price", &format!("{} VND", item.listed.unwrap_or(price)))?;
        if item.listed.is_some() {
            text(out, "g:sale_price", &format!("{price} VND"))?;
        }
        text(out, "g:condition", "new")?;
        text(out, "g:brand", &item.cooperative)?;
        text(out, "g:product_type", &item.category)?;
        match &item.gtin {
            Some(gtin) => text(out, "g:gtin", gtin)?,
            None => text(out, "g:identifier_exists", "no")?,
        }
        text(out, "g:shipping_weight", &format!("{} g", item.weight_g))
    })?;
    Ok(())
}

pub fn atom(sheet: &Sheet, updated: OffsetDateTime) -> anyhow::Result<Vec<u8>> {
    let mut out = begin()?;
    let own = format!("{}.atom", sheet.address);
    let root = out
        .create_element("feed")
        .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
        .with_attribute(("xml:lang", sheet.language.as_str()));
    root.write_inner_content(|out| {
        text(out, "id", &own)?;
        text(out, "title", &sheet.title)?;
        text(out, "subtitle", &sheet.disclosure)?;
        text(out, "updated", &rfc3339(updated))?;
        link(out, "self", "application/atom+xml", &own)?;
        link(out, "alternate", "text/html", &sheet.home)?;
        out.create_element("author").write_inner_content(|out| text(out, "name", "Chợ OCOP"))?;
        sheet.items.iter().try_for_each(|item| atom_entry(out, item, sheet.language))
    })?;
    Ok(out.into_inner())
}

fn link(out: &mut Writer<impl Write>, rel: &str, kind: &str, href: &str) -> std::io::Result<()> {
    let link = out.create_element("link").with_attribute(("rel", rel)).with_attribute(("type", kind));
    link.with_attribute(("href", href)).write_empty()?;
    Ok(())
}

fn atom_entry(out: &mut Out, item: &Item, language: Language) -> std::io::Result<()> {
    out.create_element("entry").write_inner_content(|out| {
        text(out, "id", &format!("urn:uuid:{}", item.id))?;
        text(out, "title", &item.name)?;
        text(out, "updated", &rfc3339(item.changed_at))?;
        link(out, "alternate", "text/html", &item.link)?;
        if let Some(image) = &item.image {
            let png = image.url.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
            let kind = if png { "image/png" } else { "image/jpeg" };
            link(out, "enclosure", kind, &image.url)?;
        }
        out.create_element("author").write_inner_content(|out| text(out, "name", &item.cooperative))?;
        out.create_element("category").with_attribute(("term", printable(&item.category).as_ref())).write_empty()?;
        text(out, "summary", &words(item, language))
    })?;
    Ok(())
}
