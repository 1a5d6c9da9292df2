//! Documents of an export, drawn from it: quotation, proforma invoice, commercial invoice and packing list, in English as trade has it.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::supply::ExportState;
use entity::value::{CooperativeId, Currency, ExportId, Vnd};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{ExportLine, ExportOrder, own};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::db::one;
use crate::platform::download;
use crate::platform::pdf::{A4, Canvas, Pdf, bold, plain};
use crate::platform::problem::{NOT_FOUND, Problem};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Quotation,
    Proforma,
    Invoice,
    PackingList,
}

impl DocumentKind {
    fn title(self) -> &'static str {
        match self {
            Self::Quotation => "QUOTATION",
            Self::Proforma => "PROFORMA INVOICE",
            Self::Invoice => "COMMERCIAL INVOICE",
            Self::PackingList => "PACKING LIST",
        }
    }

    /// From when on there is one.
    fn is_there(self, state: ExportState) -> bool {
        use ExportState as S;
        match self {
            Self::Quotation => !matches!(state, S::Draft),
            Self::Proforma | Self::Invoice | Self::PackingList => {
                matches!(state, S::Confirmed | S::Shipped | S::Closed)
            }
        }
    }
}

#[derive(FromQueryResult)]
struct Seller {
    name_en: String,
    legal_name: String,
    tax_code: String,
    street: String,
    phone: String,
}

/// `1,250.5 kg`
fn kilograms(grams: i64) -> String {
    let text = Currency::Jpy.text(grams / 1_000);
    let whole = text.trim_start_matches("JPY ");
    match grams % 1_000 {
        0 => format!("{whole} kg"),
        rest => format!("{whole}.{} kg", format!("{rest:03}").trim_end_matches('0')),
    }
}

/// `25,412.5`
fn rate(e4: i64) -> String {
    let text = Currency::Jpy.text(e4 / 10_000);
    let whole = text.trim_start_matches("JPY ");
    match e4 % 10_000 {
        0 => whole.to_owned(),
        rest => format!("{whole}.{}", format!("{rest:04}").trim_end_matches('0')),
    }
}

fn heads(kind: DocumentKind, found: &ExportOrder, seller: &Seller) -> Vec<String> {
    let mut heads = vec![
        format!("No. {} · Date {}", found.number, found.rate_day.unwrap_or(found.valid_until)),
        format!("Seller: {} ({}), tax code {}", seller.name_en, seller.legal_name, seller.tax_code),
        format!("{}, Viet Nam · {}", seller.street, seller.phone),
        format!("Buyer: {}, {}, {}", found.buyer_name, found.buyer_address, found.country),
        format!("Terms: {} {} (Incoterms 2020)", found.incoterm.as_str(), found.named_place),
    ];
    if kind == DocumentKind::Quotation {
        heads.push(format!("Valid until {}", found.valid_until));
    }
    heads
}

fn put_line(
    page: &mut Canvas<'_, '_>,
    y: f32,
    (kind, currency): (DocumentKind, Currency),
    line: &ExportLine,
) -> anyhow::Result<f32> {
    let below = page.block(36.0, y, &line.description, plain(10.0), 190.0)?;
    page.text(232.0, y, &line.hs_code, plain(10.0))?;
    page.text_right(330.0, y, &line.packages.to_string(), plain(10.0))?;
    page.text_right(410.0, y, &kilograms(line.net_g), plain(10.0))?;
    if kind == DocumentKind::PackingList {
        page.text_right(558.0, y, &kilograms(line.gross_g), plain(10.0))?;
    } else {
        page.text_right(480.0, y, &currency.text(line.price), plain(10.0))?;
        page.text_right(558.0, y, &currency.text(line.amount), plain(10.0))?;
    }
    Ok(below.max(y + 14.0) + 3.0)
}

fn sums(kind: DocumentKind, found: &ExportOrder) -> Vec<String> {
    let packages: i64 = found.lines.iter().map(|line| line.packages).sum();
    let weights = format!("{packages} packages · net {} · gross {}", kilograms(found.net_g), kilograms(found.gross_g));
    let mut sums = vec![weights];
    if kind == DocumentKind::PackingList {
        return sums;
    }
    sums.push(format!("Total {}", found.currency.text(found.total)));
    if found.deposit > 0 {
        sums.push(format!("Deposit before shipment {}", found.currency.text(found.deposit)));
    }
    if let (Some(e4), Some(day), Some(dong)) = (found.rate_e4, found.rate_day, found.total_dong)
        && found.currency != Currency::Vnd
    {
        let dong = Vnd(dong).to_string();
        let dong = dong.trim_end_matches(" ₫").to_owned();
        sums.push(format!(
            "Rate fixed on this paper: 1 {} = {} VND ({day}) · {dong} VND",
            found.currency.as_str(),
            rate(e4)
        ));
    }
    if kind == DocumentKind::Invoice {
        sums.push(format!("Paid {}", found.currency.text(found.paid)));
        sums.push(format!("Balance {}", found.currency.text(found.total - found.paid)));
    }
    sums
}

/// Lines of a page: with room for their lots, and for what stands above and below.
const LINES: i32 = 16;

/// `B-0412 1,200 kg, B-0413 800 kg`
fn lots_of(found: &ExportOrder, line: i32) -> String {
    let own = found.lots.iter().filter(|lot| lot.line == line);
    own.map(|lot| format!("{} {}", lot.lot_code, kilograms(lot.grams))).collect::<Vec<_>>().join(", ")
}

fn draw(kind: DocumentKind, found: &ExportOrder, seller: &Seller) -> anyhow::Result<Vec<u8>> {
    let mut pdf = Pdf::new(&format!("{} {}", kind.title(), found.number));
    for (index, part) in found.lines.chunks(LINES.unsigned_abs() as usize).enumerate() {
        let last = (index + 1) * LINES.unsigned_abs() as usize >= found.lines.len();
        pdf.page(A4, |page| {
            page.text(36.0, 50.0, kind.title(), bold(16.0))?;
            let mut y = 76.0;
            for head in heads(kind, found, seller) {
                y = page.block(36.0, y, &head, plain(10.0), 520.0)? + 2.0;
            }
            y += 8.0;
            let last_columns = if kind == DocumentKind::PackingList { ["", "Gross"] } else { ["Per kg", "Amount"] };
            page.text(36.0, y, "Description", bold(10.0))?;
            page.text(232.0, y, "HS code", bold(10.0))?;
            for (x, text) in [(330.0, "Packages"), (410.0, "Net"), (480.0, last_columns[0]), (558.0, last_columns[1])] {
                page.text_right(x, y, text, bold(10.0))?;
            }
            page.rule(36.0, y + 4.0, 522.0)?;
            y += 18.0;
            for (at, line) in (0_i32..).zip(part) {
                y = put_line(page, y, (kind, found.currency), line)?;
                let lots = lots_of(found, i32::try_from(index).unwrap_or(0) * LINES + at);
                if kind == DocumentKind::PackingList && !lots.is_empty() {
                    y = page.block(36.0, y - 2.0, &format!("Lots: {lots}"), plain(9.0), 520.0)? + 5.0;
                }
            }
            page.rule(36.0, y - 8.0, 522.0)?;
            for sum in sums(kind, found).iter().filter(|_| last) {
                page.text_right(558.0, y + 6.0, sum, bold(10.0))?;
                y += 16.0;
            }
            page.text_right(558.0, 825.0, &format!("Chợ OCOP · {} · {}", found.number, index + 1), plain(8.0))
        })?;
    }
    pdf.finish()
}

/// A document of an export.
pub async fn document(
    desk: &Desk,
    path: (CooperativeId, ExportId),
    kind: DocumentKind,
) -> Result<HttpResponse, Problem> {
    let found = own(desk, path).await?;
    if !kind.is_there(found.state) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let sql = "SELECT name_en, legal_name, tax_code, street, phone FROM cooperative WHERE id = $1";
    let seller = one::<Seller>(desk.db.fresh(), sql, [path.0.into()]).await?;
    let seller = seller.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let title = kind.title().to_lowercase().replace(' ', "-");
    let name = format!("{title}-{}", found.number);
    let drawn = tokio::task::spawn_blocking(move || draw(kind, &found, &seller)).await.map_err(Problem::internal)?;
    Ok(download::paper(&name, drawn.map_err(Problem::internal)?))
}

/// A document of an export as a PDF.
#[utoipa::path(tag = "seller", operation_id = "download_export_document", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("export_id" = ExportId, Path), ("kind" = inline(DocumentKind), Path)), responses((status = 200, description = "The document", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/export-orders/{export_id}/documents/{kind}")]
pub async fn download_export_document(
    desk: Desk,
    path: Path<(CooperativeId, ExportId, DocumentKind)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id, kind) = path.into_inner();
    desk.may(cooperative, Permission::SeeReports).await?;
    document(&desk, (cooperative, id), kind).await
}

#[cfg(test)]
mod tests {
    use super::{kilograms, rate};

    #[test]
    fn weights_and_rates_read_as_trade_writes_them() {
        assert_eq!((kilograms(2_160_500).as_str(), rate(254_125_000).as_str()), ("2,160.5 kg", "25,412.5"));
    }
}
