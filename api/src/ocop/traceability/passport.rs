//! A lot's story, for whoever holds its box: who grew it where, what was done there, the road it took. Nobody is named who did
//! not agree to it.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use entity::value::{DiaryKind, LotId, LotState, PlotId, ProductId, Storage, TraceAct};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde::Serialize;
use time::{Date, Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::codes::Code;
use super::scans::{is_copied, seen};
use super::store::lot_of;
use crate::config::Config;
use crate::ocop::certificates::{self, ShownCertificate};
use crate::people::places;
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::{Db, all, list, one};
use crate::platform::i18n::Bilingual;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    CODE_MALFORMED = "code_malformed" 400 "Mã không đúng: hãy nhập lại đủ các chữ và số trên tem." "This is no code of ours: type all letters and digits of the label again.";
    BOX_UNKNOWN = "box_unknown" 404 "Không có hộp nào mang số này trong lô. Tem có thể bị làm giả." "No box of this lot has this number. The label may be a copy.";
}

/// What a label's code tells.
#[derive(Serialize, ToSchema)]
pub struct Passport {
    #[serde(skip)]
    pub lot_id: LotId,
    /// In groups of four.
    pub code: String,
    pub url: String,
    /// Of the box, where the label has one.
    #[schema(required = true)]
    pub serial: Option<String>,
    /// The box's number is scanned in more places, or more often, than one box can be: its label may be a copy.
    pub copied: bool,
    pub lot_code: String,
    /// A blocked lot is held back or recalled: do not eat it.
    pub state: LotState,
    #[schema(value_type = String, format = Date)]
    pub harvested_on: Date,
    pub days_since_harvest: i64,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub expires_on: Option<Date>,
    /// How it is kept.
    #[schema(required = true)]
    pub storage: Option<Storage>,
    /// Degrees Celsius.
    #[schema(required = true)]
    pub kept_from_c: Option<i32>,
    #[schema(required = true)]
    pub kept_to_c: Option<i32>,
    /// Recalls that hold the lot, and what to do.
    pub recalls: Vec<PassportRecall>,
    /// Why it was harvested within a waiting period after plant protection, if it was.
    #[schema(required = true)]
    pub wait_reason: Option<String>,
    pub product: PassportProduct,
    pub cooperative: PassportCooperative,
    pub plots: Vec<PassportPlot>,
    /// What was done on the plots in the year before the harvest, newest first.
    pub diary: Vec<PassportEntry>,
    pub certificates: Vec<ShownCertificate>,
    /// Days and places, oldest first.
    pub road: Vec<Station>,
    /// The lots it was made of.
    pub sources: Vec<Source>,
}

#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct PassportRecall {
    pub number: String,
    pub reason: String,
    /// What buyers are to do.
    pub advice: String,
}

#[derive(Serialize, ToSchema)]
pub struct PassportProduct {
    pub id: ProductId,
    pub slug: String,
    pub name: Bilingual,
    /// OCOP stars in force today.
    #[schema(required = true)]
    pub stars: Option<i32>,
    #[schema(required = true)]
    pub star_certificate: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PassportCooperative {
    pub slug: String,
    pub name: Bilingual,
    pub legal_name: String,
    pub phone: String,
    pub commune_name: String,
    pub province_name: String,
    #[schema(required = true)]
    pub former_commune: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PassportPlot {
    pub name: String,
    pub area_m2: i64,
    pub crop: String,
    pub commune_name: String,
    pub province_name: String,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub planted_on: Option<Date>,
    #[schema(required = true)]
    pub growing_area_code: Option<String>,
    /// Only where the household agreed to be named.
    #[schema(required = true)]
    pub household: Option<String>,
    #[schema(required = true)]
    pub latitude: Option<f64>,
    #[schema(required = true)]
    pub longitude: Option<f64>,
    #[schema(value_type = Option<Object>, required = true)]
    pub outline: Option<serde_json::Value>,
}

#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct PassportEntry {
    pub plot: String,
    pub kind: DiaryKind,
    #[schema(value_type = String, format = Date)]
    pub done_on: Date,
    #[schema(required = true)]
    pub material: Option<String>,
    #[schema(required = true)]
    pub active_ingredient: Option<String>,
    /// Days to wait until harvest.
    #[schema(required = true)]
    pub wait_days: Option<i32>,
}

/// Something that happened to the lot on a day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Station {
    pub act: TraceAct,
    #[schema(value_type = String, format = Date)]
    pub on: Date,
    /// The last day, where it happened on several.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub until: Option<Date>,
    /// The reception, where it arrived at one.
    #[schema(required = true)]
    pub place: Option<Bilingual>,
}

#[derive(Serialize, ToSchema)]
pub struct Source {
    pub code: String,
    pub url: String,
    pub product: Bilingual,
    pub cooperative: Bilingual,
    pub quantity: i64,
}

#[derive(FromQueryResult)]
struct LotRow {
    code: String,
    state: LotState,
    harvested_on: Date,
    expires_on: Option<Date>,
    storage: Option<Storage>,
    kept_from_c: Option<i32>,
    kept_to_c: Option<i32>,
    wait_reason: Option<String>,
    product_id: ProductId,
    slug: String,
    name_vi: String,
    name_en: String,
    maker_slug: String,
    maker_vi: String,
    maker_en: String,
    legal_name: String,
    phone: String,
    commune_code: String,
    former_commune: Option<String>,
}

async fn lot_row(connection: &impl ConnectionTrait, lot: LotId) -> Result<Option<LotRow>, DbErr> {
    one(
        connection,
        "SELECT l.code, l.state, l.harvested_on, l.expires_on, l.storage, l.kept_from_c, l.kept_to_c, l.wait_reason, l.product_id, p.slug, p.name_vi, p.name_en, c.slug AS maker_slug,
                c.name_vi AS maker_vi, c.name_en AS maker_en, c.legal_name, c.phone, c.commune_code, c.former_commune
         FROM lot l JOIN product p ON p.id = l.product_id JOIN cooperative c ON c.id = l.cooperative_id WHERE l.id = $1",
        [lot.into()],
    )
    .await
}

#[derive(FromQueryResult)]
struct StarRow {
    stars: i32,
    certificate_number: String,
}

async fn stars(connection: &impl ConnectionTrait, product: ProductId, today: Date) -> Result<Option<StarRow>, DbErr> {
    one(
        connection,
        "SELECT stars, certificate_number FROM recognition WHERE product_id = $1 AND revoked_at IS NULL AND issued_on <= $2 AND valid_until >= $2
         ORDER BY stars DESC, issued_on DESC LIMIT 1",
        [product.into(), today.into()],
    )
    .await
}

/// A commune's and its province's name.
fn place(commune_code: &str) -> (String, String) {
    places::commune(commune_code).map_or_else(Default::default, |commune| {
        (commune.name.to_owned(), places::province_of(commune).name.to_owned())
    })
}

async fn plots(connection: &impl ConnectionTrait, lot: LotId) -> Result<Vec<entity::plot::Model>, DbErr> {
    let sql = "SELECT p.* FROM lot_plot l JOIN plot p ON p.id = l.plot_id WHERE l.lot_id = $1 ORDER BY p.name";
    all(connection, sql, [lot.into()]).await
}

fn plot(row: entity::plot::Model) -> PassportPlot {
    let (commune_name, province_name) = place(&row.commune_code);
    PassportPlot {
        name: row.name,
        area_m2: row.area_m2,
        crop: row.crop,
        commune_name,
        province_name,
        planted_on: row.planted_on,
        growing_area_code: row.growing_area_code,
        household: row.household.filter(|_| row.household_shown),
        latitude: row.latitude,
        longitude: row.longitude,
        outline: row.outline,
    }
}

async fn diary(
    connection: &impl ConnectionTrait,
    plots: &[PlotId],
    harvested_on: Date,
) -> Result<Vec<PassportEntry>, DbErr> {
    if plots.is_empty() {
        return Ok(Vec::new());
    }
    let since = harvested_on.checked_sub(Duration::days(365)).unwrap_or(Date::MIN);
    let mut values: Vec<Value> = vec![since.into(), harvested_on.into()];
    values.extend(plots.iter().map(|id| Value::from(*id)));
    all(
        connection,
        format!(
            "SELECT p.name AS plot, d.kind, d.done_on, d.material, d.active_ingredient, d.wait_days FROM diary_entry d JOIN plot p ON p.id = d.plot_id
             WHERE d.done_on >= $1 AND d.done_on <= $2 AND d.withdrawn_at IS NULL AND d.plot_id IN {} ORDER BY d.done_on DESC, d.id DESC LIMIT 100",
            list(3, plots.len())
        ),
        values,
    )
    .await
}

/// Once a lot was put right it is held no longer.
async fn recalls(connection: &impl ConnectionTrait, lot: LotId) -> Result<Vec<PassportRecall>, DbErr> {
    all(
        connection,
        "SELECT r.number, r.reason, r.advice FROM recall_lot l JOIN recall r ON r.id = l.recall_id
         WHERE l.lot_id = $1 AND (l.outcome IS NULL OR l.outcome <> 'corrected') ORDER BY r.id DESC LIMIT 5",
        [lot.into()],
    )
    .await
}

#[derive(FromQueryResult)]
struct StationRow {
    act: TraceAct,
    first_at: OffsetDateTime,
    last_at: OffsetDateTime,
    name_vi: Option<String>,
    name_en: Option<String>,
}

/// What buyers are told of. Counts and mistakes are the cooperative's own affair.
const TOLD: &str = "('harvested', 'transformed', 'inspected', 'stored', 'packed', 'shipped', 'arrived', 'sold')";

/// Many boxes of a lot take the same road: it is told from the first to the last.
async fn road(connection: &impl ConnectionTrait, lot: LotId) -> Result<Vec<Station>, DbErr> {
    let rows = all::<StationRow>(
        connection,
        format!(
            "SELECT e.act, MIN(e.at) AS first_at, MAX(e.at) AS last_at, p.name_vi, p.name_en FROM trace_item i JOIN trace_event e ON e.id = i.event_id
             LEFT JOIN pickup_point p ON p.id = e.pickup_point_id
             WHERE i.lot_id = $1 AND e.act IN {TOLD}
               AND NOT EXISTS (SELECT 1 FROM trace_event d WHERE d.corrects_id = e.id AND d.reason = 'did_not_occur')
             GROUP BY e.act, p.name_vi, p.name_en ORDER BY 2, e.act LIMIT 60"
        ),
        [lot.into()],
    )
    .await?;
    let day = |at: OffsetDateTime| at.to_offset(VIETNAM).date();
    let station = |row: StationRow| Station {
        act: row.act,
        on: day(row.first_at),
        until: Some(day(row.last_at)).filter(|last| *last != day(row.first_at)),
        place: row.name_vi.zip(row.name_en).map(|(vi, en)| Bilingual { vi, en }),
    };
    Ok(rows.into_iter().map(station).collect())
}

#[derive(FromQueryResult)]
struct SourceRow {
    lot_id: LotId,
    name_vi: String,
    name_en: String,
    maker_vi: String,
    maker_en: String,
    quantity: i64,
}

async fn sources(connection: &impl ConnectionTrait, base_url: &str, lot: LotId) -> Result<Vec<Source>, DbErr> {
    let rows = all::<SourceRow>(
        connection,
        "SELECT s.source_lot_id AS lot_id, p.name_vi, p.name_en, c.name_vi AS maker_vi, c.name_en AS maker_en, CAST(SUM(s.quantity) AS bigint) AS quantity
         FROM lot_source s JOIN lot l ON l.id = s.source_lot_id JOIN product p ON p.id = l.product_id JOIN cooperative c ON c.id = l.cooperative_id
         WHERE s.lot_id = $1 GROUP BY s.source_lot_id, p.name_vi, p.name_en, c.name_vi, c.name_en ORDER BY s.source_lot_id LIMIT 50",
        [lot.into()],
    )
    .await?;
    let view = |row: SourceRow| Source {
        code: Code::of(row.lot_id).to_string(),
        url: format!("{base_url}/t/{}", Code::of(row.lot_id).plain()),
        product: Bilingual { vi: row.name_vi, en: row.name_en },
        cooperative: Bilingual { vi: row.maker_vi, en: row.maker_en },
        quantity: row.quantity,
    };
    Ok(rows.into_iter().map(view).collect())
}

#[derive(FromQueryResult)]
struct Known {
    known: i64,
}

/// The story of what carries this code, as it was typed or scanned.
pub async fn story(
    connection: &impl ConnectionTrait,
    base_url: &str,
    typed: &str,
    today: Date,
) -> Result<Passport, Problem> {
    let code = Code::read(typed).ok_or_else(|| Problem::new(&CODE_MALFORMED))?;
    let id = lot_of(connection, &code).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let mut copied = false;
    if let Some(serial) = &code.serial {
        let seen = seen(connection, id, serial).await?;
        copied = is_copied(seen.places, seen.scans);
        let sql = "SELECT COUNT(*) AS known FROM box_serial WHERE lot_id = $1 AND serial = $2";
        let known = one::<Known>(connection, sql, [id.into(), serial.as_str().into()]).await?;
        if known.is_none_or(|row| row.known == 0) {
            return Err(Problem::new(&BOX_UNKNOWN));
        }
    }
    let row = lot_row(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let stars = stars(connection, row.product_id, today).await?;
    let plots = plots(connection, id).await?;
    let plot_ids: Vec<PlotId> = plots.iter().map(|plot| plot.id).collect();
    let (commune_name, province_name) = place(&row.commune_code);
    Ok(Passport {
        lot_id: id,
        code: code.to_string(),
        url: format!("{base_url}/t/{}", code.plain()),
        serial: code.serial,
        copied,
        state: row.state,
        harvested_on: row.harvested_on,
        days_since_harvest: (today - row.harvested_on).whole_days(),
        expires_on: row.expires_on,
        storage: row.storage,
        kept_from_c: row.kept_from_c,
        kept_to_c: row.kept_to_c,
        wait_reason: row.wait_reason,
        recalls: recalls(connection, id).await?,
        product: PassportProduct {
            id: row.product_id,
            slug: row.slug,
            name: Bilingual { vi: row.name_vi, en: row.name_en },
            stars: stars.as_ref().map(|row| row.stars),
            star_certificate: stars.map(|row| row.certificate_number),
        },
        cooperative: PassportCooperative {
            slug: row.maker_slug,
            name: Bilingual { vi: row.maker_vi, en: row.maker_en },
            legal_name: row.legal_name,
            phone: row.phone,
            commune_name,
            province_name,
            former_commune: row.former_commune,
        },
        diary: diary(connection, &plot_ids, row.harvested_on).await?,
        plots: plots.into_iter().map(plot).collect(),
        certificates: certificates::of_lot(connection, (id, row.product_id), today).await?,
        road: road(connection, id).await?,
        sources: sources(connection, base_url, id).await?,
        lot_code: row.code,
    })
}

/// What a label's code tells. Codes may be typed in small letters, with or without dashes.
#[utoipa::path(tag = "traceability", operation_id = "show_passport", params(("code" = String, Path)), responses((status = 200, description = "The lot's story", body = Passport)))]
#[get("/v1/trace/{code}")]
pub async fn show_passport(
    db: Data<Db>,
    config: Data<Config>,
    clock: Data<Clock>,
    code: Path<String>,
) -> Result<HttpResponse, Problem> {
    let passport = story(db.read(), &config.base_url(), &code, clock.today()).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "public, max-age=10")).json(passport))
}
