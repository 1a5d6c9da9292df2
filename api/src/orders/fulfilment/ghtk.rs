//! Giao Hàng Tiết Kiệm, open API ("GHTK API docs", services/shipment). Header `Token`; status codes −1 … 21 as its webhook
//! documentation lists them; amounts in đồng.

use entity::value::{ParcelState, Vnd};
use serde_json::{Value, json};

use super::carrier::{
    self, Answer, Booking, CarrierApi, CarrierError, Contract, Http, Label, Shipment, Update, amount, day, national,
};

pub struct Ghtk {
    pub http: Http,
    pub base: String,
}

fn refusal(answer: &Value) -> CarrierError {
    CarrierError::Refused(answer["message"].as_str().unwrap_or("no reason given").chars().take(200).collect())
}

fn accepted(answer: Value) -> Result<Value, CarrierError> {
    if answer["success"] == true { Ok(answer) } else { Err(refusal(&answer)) }
}

fn booking(order: &Value) -> Result<Booking, CarrierError> {
    let code = carrier::code(&order["label"]).or_else(|| carrier::code(&order["label_id"]));
    Ok(Booking {
        tracking_code: code.ok_or_else(|| CarrierError::Unknown("no label".to_owned()))?,
        fee: amount(&order["fee"]).or(amount(&order["ship_money"])).map(Vnd),
        expected_on: order["estimated_deliver_time"].as_str().or(order["deliver_date"].as_str()).and_then(day),
    })
}

fn state(code: i64) -> Option<ParcelState> {
    Some(match code {
        -1 => ParcelState::Cancelled,
        1 | 2 | 7 | 8 | 12 => ParcelState::Booked,
        3 => ParcelState::InTransit,
        4 | 10 => ParcelState::OutForDelivery,
        5 | 6 => ParcelState::Delivered,
        9 => ParcelState::Failed,
        13 => ParcelState::Lost,
        20 => ParcelState::Returning,
        11 | 21 => ParcelState::Returned,
        _ => return None,
    })
}

fn read(data: &Value, code: &str, reference: &str, status: &str) -> Option<Update> {
    let number = amount(&data[status])?;
    Some(Update {
        tracking_code: carrier::code(&data[code])?,
        reference: carrier::code(&data[reference]),
        status: number.to_string(),
        state: state(number),
    })
}

impl Ghtk {
    async fn status(&self, contract: &Contract, key: &str) -> Result<Value, CarrierError> {
        let headers = headers(contract);
        self.http.get(format!("{}/services/shipment/v2/{key}", self.base), &headers, &[]).await
    }
}

fn headers(contract: &Contract) -> [(&str, &str); 2] {
    [("Token", contract.token()), ("X-Client-Source", contract.shop_id.as_str())]
}

impl CarrierApi for Ghtk {
    fn quote<'a>(&'a self, contract: &'a Contract, shipment: &'a Shipment) -> Answer<'a, Vnd> {
        Box::pin(async move {
            let query = [
                ("pick_province", shipment.from.province.clone()),
                ("pick_ward", shipment.from.commune.clone()),
                ("province", shipment.to.province.clone()),
                ("ward", shipment.to.commune.clone()),
                ("weight", shipment.weight_g.to_string()),
                ("value", shipment.value.0.to_string()),
                ("deliver_option", "none".to_owned()),
            ];
            let url = format!("{}/services/shipment/fee", self.base);
            let answer = accepted(self.http.get(url, &headers(contract), &query).await?)?;
            amount(&answer["fee"]["fee"]).map(Vnd).ok_or_else(|| CarrierError::Unknown("no fee".to_owned()))
        })
    }

    fn create<'a>(&'a self, contract: &'a Contract, shipment: &'a Shipment) -> Answer<'a, Booking> {
        Box::pin(async move {
            let product = |item: &super::carrier::Item| json!({"name": item.name, "weight": item.weight_g, "quantity": item.quantity});
            let body = json!({
                "products": shipment.items.iter().map(product).collect::<Vec<_>>(),
                "order": {
                    "id": shipment.reference, "weight_option": "gram", "total_weight": shipment.weight_g, "is_freeship": "1",
                    "pick_name": shipment.from.name, "pick_tel": national(&shipment.from.phone), "pick_address": shipment.from.street,
                    "pick_ward": shipment.from.commune, "pick_province": shipment.from.province,
                    "name": shipment.to.name, "tel": national(&shipment.to.phone), "address": shipment.to.street,
                    "ward": shipment.to.commune, "province": shipment.to.province, "hamlet": "Khác",
                    "pick_money": shipment.cod.0, "value": shipment.value.0, "note": shipment.note, "transport": "road",
                },
            });
            let url = format!("{}/services/shipment/order/?ver=1.5", self.base);
            let answer: Value = self.http.post(url, &headers(contract), &body).await?;
            // A repeat of our number is answered with the order it belongs to.
            if answer["error"]["code"] == "ORDER_ID_EXIST" {
                return booking(&json!({"label": answer["error"]["ghtk_label"]}));
            }
            booking(&accepted(answer)?["order"])
        })
    }

    fn find<'a>(&'a self, contract: &'a Contract, reference: &'a str) -> Answer<'a, Option<Booking>> {
        Box::pin(async move {
            let answer = self.status(contract, &format!("partner_id:{reference}")).await?;
            if answer["success"] == true { booking(&answer["order"]).map(Some) } else { Ok(None) }
        })
    }

    fn track<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, Update> {
        Box::pin(async move {
            let answer = accepted(self.status(contract, tracking_code).await?)?;
            let update = read(&answer["order"], "label_id", "partner_id", "status");
            update.ok_or_else(|| CarrierError::Unknown("no status".to_owned()))
        })
    }

    fn cancel<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let url = format!("{}/services/shipment/cancel/{tracking_code}", self.base);
            accepted(self.http.post(url, &headers(contract), &json!({})).await?).map(|_| ())
        })
    }

    fn label<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, Label> {
        Box::pin(async move {
            let url = format!("{}/services/label/{tracking_code}", self.base);
            Ok(Label::Pdf(self.http.bytes(url, &headers(contract)).await?))
        })
    }

    fn parse_webhook(&self, body: &[u8]) -> Option<Update> {
        // JSON, or the form its older accounts still send.
        let data: Value = serde_json::from_slice(body).ok().or_else(|| {
            let pairs = form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value)));
            Some(Value::Object(pairs.collect()))
        })?;
        read(&data, "label_id", "partner_id", "status_id")
    }
}
