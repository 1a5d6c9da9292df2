//! Forms of pages made here, with or without files.

use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use actix_web::http::header;
use actix_web::{HttpRequest, web};

use super::clock::VIETNAM;
use super::fold::{is_forbidden, printable};
use super::i18n::Text;
use super::numbers;
use super::problem::{MALFORMED, Problem};
use super::upload::{self, Upload};

/// Forms without files.
pub const FORM: usize = 256 * 1024;

/// A form as posted.
pub struct Form(pub Upload);

impl Form {
    /// A field without blanks around it; empty when it was left out.
    pub fn text(&self, name: &str) -> &str {
        self.0.field(name).unwrap_or_default().trim()
    }

    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn read(&self, name: &str, read: fn(&str) -> Result<i64, Text>) -> Result<Option<i64>, Problem> {
        match self.text(name) {
            "" => Ok(None),
            text => {
                read(text).map(Some).map_err(|fault| Problem::field(format!("/{name}"), "number", fault.vi, fault.en))
            }
        }
    }

    /// Money in đồng, as people write it (`250k`).
    pub fn amount(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.read(name, numbers::amount)
    }

    /// A weight in grams, as people write it (`0,5 kg`).
    pub fn weight(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.read(name, numbers::weight)
    }

    /// A date as people write it.
    pub fn date(&self, name: &str) -> Result<Option<Date>, Problem> {
        let text = Some(self.text(name)).filter(|text| !text.is_empty());
        let read =
            |text| numbers::date(text).map_err(|fault| Problem::field(format!("/{name}"), "date", fault.vi, fault.en));
        text.map(read).transpose()
    }

    /// A moment in Vietnam, as a `datetime-local` field sends it.
    pub fn moment(&self, name: &str) -> Result<Option<OffsetDateTime>, Problem> {
        let written = format_description!("[year]-[month]-[day]T[hour]:[minute]");
        let (vi, en) = ("ngày và giờ", "a day and a time");
        match self.text(name) {
            "" => Ok(None),
            text => PrimitiveDateTime::parse(text, written)
                .map(|at| Some(at.assume_offset(VIETNAM).to_offset(UtcOffset::UTC)))
                .map_err(|_| Problem::field(format!("/{name}"), "moment", vi, en)),
        }
    }

    /// How many.
    pub fn count(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.read(name, numbers::count)
    }

    /// How many more or fewer.
    pub fn change(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.read(name, numbers::change)
    }

    pub fn days(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.read(name, numbers::days)
    }

    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        self.text(name)
            .parse()
            .map_err(|_| Problem::field(format!("/{name}"), "value", "giá trị không hợp lệ", "not a valid value"))
    }

    /// The values by name, to fill the form in again.
    pub fn values(&self) -> std::collections::BTreeMap<String, String> {
        self.0.fields.iter().filter(|(name, _)| name != "csrf" && name != "password").cloned().collect()
    }
}

/// Whether a browser says that a form comes from another site's page.
pub fn is_foreign(request: &HttpRequest) -> bool {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

/// Reads a form; `most` bounds one with files.
pub async fn read_form(request: &HttpRequest, payload: web::Payload, most: usize) -> Result<Form, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let urlencoded = kind.starts_with("application/x-www-form-urlencoded");
    let mut upload = upload::read(request, payload, if urlencoded { FORM } else { most }).await?;
    if urlencoded {
        let text = std::str::from_utf8(&upload.bytes).map_err(|_| Problem::new(&MALFORMED))?;
        upload.fields = form_urlencoded::parse(text.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        upload.bytes = Vec::new();
    }
    // What people paste may hold marks that nobody sees.
    for (_, value) in &mut upload.fields {
        if value.contains(is_forbidden) {
            *value = printable(value).into_owned();
        }
    }
    Ok(Form(upload))
}
