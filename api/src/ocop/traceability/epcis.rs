//! Events as EPCIS 2.0 has them (GS1, JSON-LD binding; words of the Core Business Vocabulary 2.0): pure.

use entity::value::{TraceAct, TraceRole};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::codes::Code;
use super::store::{EventRow, ItemRow};

pub const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// Kind, action, business step and disposition of an act.
pub struct Words {
    pub kind: &'static str,
    pub action: Option<&'static str>,
    pub step: &'static str,
    pub disposition: &'static str,
}

const fn object(action: &'static str, step: &'static str, disposition: &'static str) -> Words {
    Words { kind: "ObjectEvent", action: Some(action), step, disposition }
}

/// None for what is told of another event, or by somebody else.
pub const fn words(act: TraceAct) -> Option<Words> {
    Some(match act {
        TraceAct::Harvested => object("ADD", "commissioning", "active"),
        TraceAct::Packed => object("OBSERVE", "packing", "in_progress"),
        TraceAct::Unpacked => object("OBSERVE", "unpacking", "in_progress"),
        TraceAct::Returned => object("OBSERVE", "receiving", "returned"),
        TraceAct::Counted => object("OBSERVE", "stock_taking", "mismatch_quantity"),
        TraceAct::Destroyed => object("DELETE", "destroying", "destroyed"),
        TraceAct::Stored => object("OBSERVE", "storing", "in_progress"),
        TraceAct::Shipped => object("OBSERVE", "shipping", "in_transit"),
        TraceAct::Arrived => object("OBSERVE", "arriving", "in_progress"),
        TraceAct::Sold => object("OBSERVE", "retail_selling", "retail_sold"),
        TraceAct::CameBack => object("OBSERVE", "receiving", "in_progress"),
        TraceAct::Inspected => object("OBSERVE", "inspecting", "conformant"),
        TraceAct::Transformed => {
            Words { kind: "TransformationEvent", action: None, step: "commissioning", disposition: "active" }
        }
        TraceAct::Declared | TraceAct::Captured => return None,
    })
}

/// `2026-11-24T01:05:00.000Z`
pub fn moment(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// What a lot is called: a GS1 Digital Link with a GTIN, else its page on this server.
pub fn class(base_url: &str, item: &ItemRow) -> String {
    let code = Code::of(item.lot_id).lot;
    match (&item.gtin, item.offer_id) {
        (Some(gtin), _) => format!("{base_url}/01/{gtin}/10/{code}"),
        (None, Some(offer)) => format!("{base_url}/t/{code}?offer={offer}"),
        (None, None) => format!("{base_url}/t/{code}"),
    }
}

fn quantities(base_url: &str, items: &[&ItemRow], role: TraceRole) -> Vec<Value> {
    let of = items.iter().filter(|item| item.role == role);
    of.map(|item| json!({"epcClass": class(base_url, item), "quantity": item.quantity, "uom": "H87"})).collect()
}

fn place(base_url: &str, event: &EventRow) -> String {
    match (event.pickup_point_id, &event.gln) {
        (_, Some(gln)) => format!("{base_url}/414/{gln}"),
        (Some(point), None) => format!("urn:uuid:{point}"),
        (None, None) => format!("{base_url}/c/{}", event.slug),
    }
}

/// What is said of a lot where it comes into the world.
fn master(item: &ItemRow) -> Value {
    let mut told = json!({"cbvmda:lotNumber": item.lot_code, "cbvmda:countryOfOrigin": "VN", "cbvmda:harvestEndDate": item.harvested_on.to_string()});
    if let Some(day) = item.expires_on {
        told["cbvmda:itemExpirationDate"] = day.to_string().into();
    }
    told
}

/// An event; `orders` tells whether its reader may know for which order it was.
pub fn event(base_url: &str, row: &EventRow, items: &[&ItemRow], orders: bool) -> Option<Value> {
    if let Some(document) = &row.document {
        return Some(document.clone());
    }
    let words = words(row.act)?;
    let mut out = Map::new();
    out.insert("type".into(), words.kind.into());
    out.insert("eventID".into(), format!("urn:uuid:{}", row.id).into());
    out.insert("eventTime".into(), moment(row.at).into());
    out.insert("eventTimeZoneOffset".into(), "+07:00".into());
    out.insert("recordTime".into(), moment(row.recorded_at).into());
    if let Some(action) = words.action {
        out.insert("action".into(), action.into());
        out.insert("quantityList".into(), quantities(base_url, items, TraceRole::What).into());
    } else {
        out.insert("inputQuantityList".into(), quantities(base_url, items, TraceRole::Input).into());
        out.insert("outputQuantityList".into(), quantities(base_url, items, TraceRole::Output).into());
    }
    out.insert("bizStep".into(), words.step.into());
    out.insert("disposition".into(), words.disposition.into());
    let place = json!({"id": place(base_url, row)});
    out.insert("readPoint".into(), place.clone());
    if row.act != TraceAct::Shipped && row.act != TraceAct::Sold {
        out.insert("bizLocation".into(), place);
    }
    if let Some(order) = row.order_id.filter(|_| orders) {
        out.insert("bizTransactionList".into(), json!([{"type": "po", "bizTransaction": format!("urn:uuid:{order}")}]));
    }
    let born =
        items.iter().find(|item| item.role == if words.action.is_some() { TraceRole::What } else { TraceRole::Output });
    if matches!(row.act, TraceAct::Harvested | TraceAct::Transformed)
        && let Some(item) = born
    {
        out.insert("ilmd".into(), master(item));
    }
    Some(out.into())
}

/// The declaration that an event was recorded in error: the event once more, and what is wrong with it.
pub fn declaration(wrong: Value, row: &EventRow) -> Value {
    let mut out = wrong;
    let mut told = json!({"declarationTime": moment(row.at), "reason": row.reason.clone().unwrap_or_default()});
    if let Some(corrective) = row.corrective_id {
        told["correctiveEventIDs"] = json!([format!("urn:uuid:{corrective}")]);
    }
    out["errorDeclaration"] = told;
    out["recordTime"] = moment(row.recorded_at).into();
    out
}

/// A document of events.
pub fn document(events: &[Value], now: OffsetDateTime) -> Value {
    json!({"@context": [CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": moment(now), "epcisBody": {"eventList": events}})
}

/// What was found of events that were asked for.
pub fn found(events: &[Value], now: OffsetDateTime) -> Value {
    json!({"@context": [CONTEXT], "type": "EPCISQueryDocument", "schemaVersion": "2.0", "creationDate": moment(now),
        "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": events}}}})
}
