//! Events for those whom a lot concerns, as EPCIS 2.0 documents.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get};
use entity::lot;
use entity::value::{CooperativeId, LotId, RowId, TraceAct};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Iterable, Value};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::IntoParams;

use super::codes::Code;
use super::epcis;
use super::link::lot_in;
use super::store::{EventRow, ItemRow, events, ids, items_of, lot_of};
use crate::people::desk::Desk;
use crate::people::identity::{Permission, memberships};
use crate::platform::body::Params;
use crate::platform::db::{all, by_id, list};
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, decode, encode};
use crate::platform::problem::{NOT_FOUND, Problem};

/// Events on a page of a lot's.
const MOST: u64 = 1_000;

/// Events as EPCIS has them; of those of other cooperatives it is not told for which order they were.
async fn rendered(
    connection: &impl ConnectionTrait,
    base_url: &str,
    rows: &[EventRow],
    own: &[CooperativeId],
) -> Result<Vec<serde_json::Value>, DbErr> {
    let listed: BTreeSet<RowId> = rows.iter().map(|row| row.id).collect();
    let wrong: Vec<RowId> = rows.iter().filter_map(|row| row.corrects_id).filter(|id| !listed.contains(id)).collect();
    let mut known: Vec<EventRow> = rows.to_vec();
    known.extend(events(connection, &wrong).await?);
    let ids: Vec<RowId> = known.iter().map(|row| row.id).collect();
    let mut items: BTreeMap<RowId, Vec<ItemRow>> = BTreeMap::new();
    // Few enough values for one statement of either database.
    for ids in ids.chunks(500) {
        for item in items_of(connection, ids).await? {
            items.entry(item.event_id).or_default().push(item);
        }
    }
    let shown = |row: &EventRow| {
        let of: Vec<&ItemRow> = items.get(&row.id).into_iter().flatten().collect();
        epcis::event(base_url, row, &of, own.contains(&row.cooperative_id))
    };
    let each = |row: &EventRow| match row.corrects_id {
        Some(wrong) => {
            let wrong = known.iter().find(|known| known.id == wrong).and_then(&shown)?;
            Some(epcis::declaration(wrong, row))
        }
        None => shown(row),
    };
    Ok(rows.iter().filter_map(each).collect())
}

fn document(value: &serde_json::Value) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/ld+json")
        .insert_header(("gs1-epcis-version", "2.0.0"))
        .insert_header(("gs1-cbv-version", "2.0.0"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(value.to_string())
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct LotEventQuery {
    /// 1,000 unless told.
    #[garde(inner(range(min = 1, max = MOST)))]
    #[serde(rename = "perPage")]
    #[param(minimum = 1, maximum = 1000)]
    per_page: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[serde(rename = "nextPageToken")]
    #[param(max_length = 500)]
    next_page_token: Option<String>,
}

/// A page of ids, of which one more was asked for than it holds; the token of the next.
fn page_of(ids: &mut Vec<RowId>, limit: u64) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = ids.len() > limit;
    ids.truncate(limit);
    ids.last().filter(|_| more).map(encode)
}

/// `Link: …; rel="next"`: the same request, from there on.
fn leads_on(request: &HttpRequest, response: &mut HttpResponse, token: Option<String>) {
    let Some(token) = token else { return };
    let mut query = form_urlencoded::Serializer::new(String::new());
    let kept = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "nextPageToken");
    query.extend_pairs(kept).append_pair("nextPageToken", &token);
    let next = format!("<{}?{}>; rel=\"next\"", request.path(), query.finish());
    if let Ok(value) = header::HeaderValue::from_str(&next) {
        response.headers_mut().insert(header::LINK, value);
    }
}

/// An event as the cooperative itself reads it.
#[derive(FromQueryResult, Serialize)]
pub struct Line {
    pub id: RowId,
    pub act: TraceAct,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// On what is on hand.
    pub effect: i64,
    pub quantity: i64,
    pub note: Option<String>,
    pub number: Option<String>,
    /// Whether its error was declared.
    pub wrong: bool,
}

/// What happened to a lot, newest first, without EPCIS's words.
pub async fn lines_of(connection: &impl ConnectionTrait, lot: LotId) -> Result<Vec<Line>, DbErr> {
    all(
        connection,
        "SELECT e.id, e.act, e.at, CAST(SUM(i.effect) AS bigint) AS effect, CAST(SUM(i.quantity) AS bigint) AS quantity, e.note, o.number,
                EXISTS (SELECT 1 FROM trace_event d WHERE d.corrects_id = e.id) AS wrong
         FROM trace_item i JOIN trace_event e ON e.id = i.event_id LEFT JOIN orders o ON o.id = e.order_id WHERE i.lot_id = $1
         GROUP BY e.id, e.act, e.at, e.note, o.number ORDER BY e.at DESC, e.id DESC LIMIT 100",
        [lot.into()],
    )
    .await
}

/// What happened to a lot, as an EPCIS 2.0 document (JSON-LD), in the order in which it was written down. `Link: …; rel=next` leads to
/// the next page.
#[utoipa::path(tag = "traceability", operation_id = "list_lot_events", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("lot_id" = LotId, Path), LotEventQuery), responses((status = 200, description = "An EPCISDocument", body = Object, content_type = "application/ld+json")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/lots/{lot_id}/events")]
pub async fn list_lot_events(
    request: HttpRequest,
    desk: Desk,
    path: Path<(CooperativeId, LotId)>,
    query: Params<LotEventQuery>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    let lot = by_id::<lot::Entity>(desk.db.fresh(), id).await?.filter(|lot| lot.cooperative_id == cooperative);
    let lot = lot.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let after = query.0.next_page_token.as_deref().map(decode::<uuid::Uuid>).transpose()?.unwrap_or_default();
    let limit = query.0.per_page.unwrap_or(MOST);
    let sql = format!(
        "SELECT DISTINCT i.event_id AS id FROM trace_item i WHERE i.lot_id = $1 AND i.event_id > $2 ORDER BY i.event_id LIMIT {}",
        limit + 1
    );
    let mut found = ids(desk.db.fresh(), sql, [lot.id.into(), after.into()]).await?;
    let next = page_of(&mut found, limit);
    let rows = events(desk.db.fresh(), &found).await?;
    let events = rendered(desk.db.fresh(), &desk.config.base_url(), &rows, &[cooperative]).await?;
    let mut response = document(&epcis::document(&events, desk.now()));
    leads_on(&request, &mut response, next);
    Ok(response)
}

/// Of EPCIS's query language, what people ask for.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct EventQuery {
    /// `ObjectEvent`, `TransformationEvent`, …
    #[garde(inner(length(max = 40)))]
    #[serde(rename = "eventType")]
    #[param(max_length = 40)]
    event_type: Option<String>,
    /// Not before (RFC 3339).
    #[garde(inner(length(max = 40)))]
    #[serde(rename = "GE_eventTime")]
    #[param(max_length = 40)]
    ge_event_time: Option<String>,
    /// Before (RFC 3339).
    #[garde(inner(length(max = 40)))]
    #[serde(rename = "LT_eventTime")]
    #[param(max_length = 40)]
    lt_event_time: Option<String>,
    /// `shipping`, `packing`, …
    #[garde(inner(length(max = 60)))]
    #[serde(rename = "EQ_bizStep")]
    #[param(max_length = 60)]
    eq_biz_step: Option<String>,
    /// A lot: its class as events name it, or the code on its label.
    #[garde(inner(length(max = 300)))]
    #[serde(rename = "MATCH_anyEPCClass")]
    #[param(max_length = 300)]
    match_any_epc_class: Option<String>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[serde(rename = "perPage")]
    #[param(minimum = 1, maximum = 100)]
    per_page: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[serde(rename = "nextPageToken")]
    #[param(max_length = 500)]
    next_page_token: Option<String>,
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Problem> {
    let read = |text: &str| {
        OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            Problem::field(name, "time", "không phải thời điểm theo RFC 3339", "not a moment as RFC 3339 writes it")
        })
    };
    text.map(read).transpose()
}

/// A condition over the events, with its values.
struct Filter {
    sql: String,
    values: Vec<Value>,
}

impl Filter {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Ours by what they are, captured ones by what they say they are.
    fn acts(&mut self, column: &str, asked: &str, fits: impl Fn(&epcis::Words) -> bool) {
        let acts = TraceAct::iter().filter(|act| epcis::words(*act).is_some_and(|words| fits(&words)));
        let acts: Vec<String> = acts.map(|act| self.bind(act.as_str())).collect();
        let acts = if acts.is_empty() { "''".to_owned() } else { acts.join(", ") };
        let own = self.bind(asked);
        self.sql += &format!(" AND (e.act IN ({acts}) OR e.{column} = {own})");
    }
}

/// Events of the caller's cooperatives, and of what theirs were made of; newest first.
#[utoipa::path(tag = "traceability", operation_id = "list_epcis_events", security(("access_token" = [])), params(EventQuery), responses((status = 200, description = "An EPCISQueryDocument; `Link: …; rel=next` leads to the next page", body = Object, content_type = "application/ld+json")))]
#[get("/v1/epcis/events")]
pub async fn list_events(request: HttpRequest, desk: Desk, query: Params<EventQuery>) -> Result<HttpResponse, Problem> {
    let Params(query) = query;
    let connection = desk.db.fresh();
    let own: Vec<CooperativeId> =
        memberships(connection, desk.who.account).await?.into_iter().map(|member| member.cooperative_id).collect();
    if own.is_empty() {
        return Ok(document(&epcis::found(&[], desk.now())));
    }
    let mut filter = Filter { sql: String::new(), values: own.iter().map(|id| Value::from(*id)).collect() };
    let mine = list(1, own.len());
    if let Some(token) = &query.next_page_token {
        let before = decode::<uuid::Uuid>(token)?;
        let before = filter.bind(before);
        filter.sql += &format!(" AND e.id < {before}");
    }
    for (name, text, sign) in
        [("GE_eventTime", &query.ge_event_time, ">="), ("LT_eventTime", &query.lt_event_time, "<")]
    {
        if let Some(at) = moment(name, text.as_deref())? {
            let at = filter.bind(at);
            filter.sql += &format!(" AND e.at {sign} {at}");
        }
    }
    if let Some(kind) = &query.event_type {
        filter.acts("event_type", kind, |words| words.kind == kind);
    }
    if let Some(step) = &query.eq_biz_step {
        let bare = step.rsplit(['/', ':']).next().unwrap_or_default().trim_start_matches("BizStep-");
        filter.acts("biz_step", bare, |words| words.step == bare);
    }
    if let Some(class) = &query.match_any_epc_class {
        let lot = match Code::read(class) {
            Some(code) => lot_of(connection, &code).await?,
            None => lot_in(connection, class).await?,
        };
        // An unknown lot has no events.
        let lot = filter.bind(lot.unwrap_or(LotId(uuid::Uuid::nil())));
        filter.sql += &format!(" AND e.id IN (SELECT i.event_id FROM trace_item i WHERE i.lot_id = {lot})");
    }
    let limit = query.per_page.unwrap_or(DEFAULT_LIMIT);
    // Own events by their index, and those of what was made of others' lots by the lots.
    let sql = format!(
        "WITH RECURSIVE source (id) AS (
             SELECT s.source_lot_id FROM lot_source s JOIN lot l ON l.id = s.lot_id WHERE l.cooperative_id IN {mine}
             UNION SELECT s.source_lot_id FROM lot_source s JOIN source ON source.id = s.lot_id
         )
         SELECT id FROM (
             SELECT id FROM (SELECT e.id FROM trace_event e WHERE e.cooperative_id IN {mine}{filter} ORDER BY e.id DESC LIMIT {most}) own
             UNION SELECT id FROM (SELECT DISTINCT e.id FROM source JOIN trace_item i ON i.lot_id = source.id JOIN trace_event e ON e.id = i.event_id
                                   WHERE e.recorded_at IS NOT NULL{filter} ORDER BY e.id DESC LIMIT {most}) made
         ) found ORDER BY id DESC LIMIT {most}",
        filter = filter.sql,
        most = limit + 1
    );
    let mut found = ids(connection, sql, filter.values).await?;
    let next = page_of(&mut found, limit);
    let rows = events(connection, &found).await?;
    let events = rendered(connection, &desk.config.base_url(), &rows, &own).await?;
    let mut response = document(&epcis::found(&events, desk.now()));
    leads_on(&request, &mut response, next);
    Ok(response)
}
