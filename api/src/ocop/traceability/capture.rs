//! What a packing house or a carrier tells of lots: EPCIS 2.0 documents, each event taken once by its `eventID`, all of a
//! document or nothing.

use std::collections::BTreeSet;

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::trace_event;
use entity::value::{CooperativeId, LotId, RowId, TraceAct};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Value as Bind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::events::{Item, items};
use super::link::lot_in;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{all, list, run};
use crate::platform::problem::{Problem, codes};

codes! {
    EVENT_ID_TAKEN = "event_id_taken" 409 "Đã có sự kiện khác mang eventID này." "There is another event with this eventID.";
}

const KINDS: &[&str] = &["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent"];

/// An EPCIS document; events are checked one by one.
#[derive(Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-11-24T03:00:00Z",
    "epcisBody": {"eventList": [{"type": "ObjectEvent", "eventID": "urn:uuid:5a0f8a3e-6c65-4c3b-8f5e-0d2c1e9a7b11", "eventTime": "2026-11-24T02:00:00Z", "eventTimeZoneOffset": "+07:00", "action": "OBSERVE", "bizStep": "storing",
        "quantityList": [{"epcClass": "https://cho-ocop.example/t/7K3M9Q2XC4TB", "quantity": 40, "uom": "H87"}]}]}}))]
pub struct EpcisDocument {
    /// JSON-LD's, as EPCIS 2.0 has it.
    #[serde(rename = "@context")]
    #[schema(value_type = Vec<String>)]
    context: Value,
    #[serde(rename = "type")]
    #[schema(pattern = "^EPCISDocument$")]
    kind: String,
    #[serde(rename = "schemaVersion")]
    #[schema(max_length = 10)]
    schema_version: String,
    #[serde(rename = "creationDate")]
    #[schema(max_length = 40)]
    creation_date: String,
    #[serde(rename = "epcisBody")]
    body: EpcisBody,
}

#[derive(Deserialize, ToSchema)]
pub struct EpcisBody {
    #[serde(rename = "eventList")]
    #[schema(min_items = 1, max_items = 100, value_type = Vec<Object>)]
    events: Vec<Value>,
}

impl EpcisDocument {
    #[cfg(any(test, feature = "fuzz"))]
    pub(super) fn events(&self) -> &[Value] {
        &self.body.events
    }

    /// Told by the document's own names, which are not ours.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let wrong =
            |pointer: &str, vi: &'static str, en: &'static str| Err(Problem::field(pointer, "document", vi, en));
        if !self.context.to_string().contains("epcis-context.jsonld") {
            return wrong("/@context", "thiếu ngữ cảnh của EPCIS 2.0", "EPCIS 2.0's context is missing");
        }
        if self.kind != "EPCISDocument" {
            return wrong("/type", "cần EPCISDocument", "is EPCISDocument");
        }
        if !self.schema_version.starts_with("2.") {
            return wrong("/schemaVersion", "chỉ nhận EPCIS 2.0", "EPCIS 2.0 only");
        }
        if OffsetDateTime::parse(&self.creation_date, &Rfc3339).is_err() {
            return wrong("/creationDate", "không phải thời điểm theo RFC 3339", "not a moment as RFC 3339 writes it");
        }
        if !(1..=100).contains(&self.body.events.len()) {
            return wrong("/epcisBody/eventList", "cần từ 1 đến 100 sự kiện", "1 to 100 events");
        }
        Ok(())
    }
}

#[derive(Serialize, ToSchema)]
pub struct Captured {
    /// Events taken now.
    captured: usize,
    /// Events that were here already.
    known: usize,
}

/// An event with its lots, read from somebody else's document.
pub(super) struct Told {
    external_id: String,
    kind: String,
    step: Option<String>,
    at: OffsetDateTime,
    lots: Vec<(LotId, i64)>,
    document: Value,
}

fn fault(at: usize, field: &str, rule: &'static str, vi: &'static str, en: &'static str) -> Problem {
    Problem::field(format!("/epcisBody/eventList/{at}/{field}"), rule, vi, en)
}

/// The first fault of an event, but for its lots.
pub(super) fn read(at: usize, event: &Value, now: OffsetDateTime) -> Result<Told, Problem> {
    let text = |field: &str| event[field].as_str().filter(|text| !text.is_empty() && text.len() <= 300);
    let kind = text("type").filter(|kind| KINDS.contains(kind)).ok_or_else(|| {
        fault(
            at,
            "type",
            "kind",
            "loại sự kiện không được hỗ trợ",
            "Object, Aggregation, Transaction or Transformation events only",
        )
    })?;
    let id = text("eventID")
        .filter(|id| id.contains(':'))
        .ok_or_else(|| fault(at, "eventID", "uri", "cần eventID là một URI", "an eventID is needed, and is a URI"))?;
    let wrong_time = || {
        fault(at, "eventTime", "time", "thời điểm sai hoặc ở tương lai", "not a moment (RFC 3339), or in the future")
    };
    let when = text("eventTime").and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok()).ok_or_else(wrong_time)?;
    if when > now + Duration::hours(1) {
        return Err(wrong_time());
    }
    let offset = text("eventTimeZoneOffset").filter(|offset| {
        let bytes = offset.as_bytes();
        bytes.len() == 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|i| bytes[*i].is_ascii_digit())
    });
    if offset.is_none() {
        return Err(fault(at, "eventTimeZoneOffset", "offset", "cần dạng +07:00", "is written like +07:00"));
    }
    let acts = ["ADD", "OBSERVE", "DELETE"];
    if kind != "TransformationEvent" && !text("action").is_some_and(|action| acts.contains(&action)) {
        return Err(fault(at, "action", "action", "cần ADD, OBSERVE hoặc DELETE", "is ADD, OBSERVE or DELETE"));
    }
    Ok(Told {
        external_id: id.to_owned(),
        kind: kind.to_owned(),
        step: text("bizStep")
            .map(|step| step.rsplit(['/', ':']).next().unwrap_or_default().trim_start_matches("BizStep-").to_owned()),
        at: when,
        lots: Vec::new(),
        document: event.clone(),
    })
}

/// What an event names: pieces, and classes with how much of them.
pub(super) fn named(at: usize, event: &Value) -> Result<Vec<(String, i64)>, Problem> {
    let mut named = Vec::new();
    for list in ["epcList", "childEPCs", "inputEPCList", "outputEPCList"] {
        named
            .extend(event[list].as_array().into_iter().flatten().filter_map(|epc| Some((epc.as_str()?.to_owned(), 1))));
    }
    for list in ["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"] {
        for element in event[list].as_array().into_iter().flatten() {
            let class = element["epcClass"].as_str().unwrap_or_default();
            let quantity = element["quantity"].as_f64().unwrap_or(1.0);
            if !(0.0..1e12).contains(&quantity) || class.is_empty() {
                return Err(fault(
                    at,
                    list,
                    "quantity",
                    "thiếu epcClass hoặc số lượng sai",
                    "an epcClass is missing, or a quantity is wrong",
                ));
            }
            #[allow(clippy::cast_possible_truncation, reason = "below 10^12; fractions stay in the document")]
            named.push((class.to_owned(), quantity.round() as i64));
        }
    }
    if named.len() > 1_000 {
        return Err(fault(at, "epcList", "length", "quá nhiều mã", "too many pieces"));
    }
    Ok(named)
}

#[derive(FromQueryResult)]
struct Owned {
    id: LotId,
}

/// The cooperative's own among these lots.
async fn own(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    lots: &BTreeSet<LotId>,
) -> Result<BTreeSet<LotId>, DbErr> {
    if lots.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut values: Vec<Bind> = vec![cooperative.into()];
    values.extend(lots.iter().map(|lot| Bind::from(*lot)));
    let sql = format!("SELECT id FROM lot WHERE cooperative_id = $1 AND id IN {}", list(2, lots.len()));
    Ok(all::<Owned>(connection, sql, values).await?.into_iter().map(|row| row.id).collect())
}

/// The events of a document, each with the lots of this cooperative that it is about: at least one.
async fn told(desk: &Desk, cooperative: CooperativeId, events: &[Value]) -> Result<Vec<Told>, Problem> {
    let connection = desk.db.fresh();
    let mut out = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let mut told = read(at, event, desk.now())?;
        let mut found: Vec<(LotId, i64)> = Vec::new();
        for (name, quantity) in named(at, event)? {
            if let Some(lot) = lot_in(connection, &name).await? {
                match found.iter_mut().find(|(known, _)| *known == lot) {
                    Some((_, sum)) => *sum = sum.saturating_add(quantity),
                    None => found.push((lot, quantity)),
                }
            }
        }
        let own = own(connection, cooperative, &found.iter().map(|(lot, _)| *lot).collect()).await?;
        found.retain(|(lot, _)| own.contains(lot));
        if found.is_empty() {
            return Err(fault(
                at,
                "epcList",
                "lot",
                "không nói về lô nào của hợp tác xã",
                "is about no lot of this cooperative",
            ));
        }
        told.lots = found;
        out.push(told);
    }
    Ok(out)
}

/// Takes an event; whether it was new.
async fn take(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    cooperative: CooperativeId,
    told: &Told,
) -> Result<bool, Problem> {
    let id = RowId::new();
    let written = run(
        transaction,
        "INSERT INTO trace_event (id, cooperative_id, act, at, recorded_at, actor_id, external_id, event_type, biz_step, document)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (external_id) DO NOTHING",
        [
            id.into(),
            cooperative.into(),
            TraceAct::Captured.as_str().into(),
            told.at.into(),
            desk.now().into(),
            desk.who.account.into(),
            told.external_id.as_str().into(),
            told.kind.as_str().into(),
            told.step.clone().into(),
            told.document.clone().into(),
        ],
    )
    .await?;
    if written == 1 {
        let lots: Vec<Item> = told.lots.iter().map(|(lot, quantity)| Item::seen(*lot, None, *quantity)).collect();
        entity::trace_item::Entity::insert_many(items(id, &lots)).exec_without_returning(transaction).await?;
        return Ok(true);
    }
    let known = trace_event::Entity::find()
        .filter(trace_event::Column::ExternalId.eq(&told.external_id))
        .one(transaction)
        .await?;
    let same = known
        .is_some_and(|known| known.cooperative_id == cooperative && known.document.as_ref() == Some(&told.document));
    if same { Ok(false) } else { Err(Problem::new(&EVENT_ID_TAKEN).extension("event_id", &told.external_id)) }
}

/// Take events that a packing house or a carrier tells of lots. Each is known by its `eventID`: sent again it changes nothing.
#[utoipa::path(tag = "traceability", operation_id = "capture_events", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = EpcisDocument, responses((status = 201, description = "How many were new", body = Captured)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/epcis/capture")]
pub async fn capture_events(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<EpcisDocument>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::CountStock).await?;
    let Body(document) = body;
    document.check()?;
    let told = told(&desk, *cooperative, &document.body.events).await?;
    let transaction = desk.begin().await?;
    let mut captured = 0;
    for event in &told {
        captured += usize::from(take(&transaction, &desk, *cooperative, event).await?);
    }
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(Captured { captured, known: told.len() - captured }))
}
