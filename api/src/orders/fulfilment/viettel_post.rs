//! Viettel Post, partner API v2 ("Tài liệu kết nối API ViettelPost"). Header `Token`; addresses as text (the Nlp calls);
//! amounts in đồng, weights in grams.

use entity::value::{ParcelState, Vnd};
use serde_json::{Value, json};

use super::carrier::{
    self, Answer, Booking, CarrierApi, CarrierError, Contract, Http, Label, Place, Shipment, Update, amount, national,
};

pub struct ViettelPost {
    pub http: Http,
    pub base: String,
}

impl ViettelPost {
    async fn call(&self, contract: &Contract, path: &str, body: Value) -> Result<Value, CarrierError> {
        let headers = [("Token", contract.token())];
        let answer: Value = self.http.post(format!("{}/{path}", self.base), &headers, &body).await?;
        if answer["status"] == 200 && answer["error"] != true {
            return Ok(answer["data"].clone());
        }
        Err(CarrierError::Refused(answer["message"].as_str().unwrap_or("no reason given").chars().take(200).collect()))
    }
}

fn address(place: &Place) -> String {
    format!("{}, {}, {}", place.street, place.commune, place.province)
}

fn state(code: i64) -> Option<ParcelState> {
    Some(match code {
        -110..=-100 | 100 | 102..=104 => ParcelState::Booked,
        101 | 107 | 201 | 503 => ParcelState::Cancelled,
        105 | 200 | 202 | 300..=303 | 400..=403 | 320 => ParcelState::InTransit,
        500 | 508 | 509 | 550 => ParcelState::OutForDelivery,
        501 => ParcelState::Delivered,
        505..=507 => ParcelState::Failed,
        502 | 515 => ParcelState::Returning,
        504 => ParcelState::Returned,
        _ => return None,
    })
}

fn shipment(shipment: &Shipment) -> Value {
    let names = shipment.items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ");
    json!({
        "ORDER_NUMBER": shipment.reference,
        "SENDER_FULLNAME": shipment.from.name, "SENDER_PHONE": national(&shipment.from.phone), "SENDER_ADDRESS": address(&shipment.from),
        "RECEIVER_FULLNAME": shipment.to.name, "RECEIVER_PHONE": national(&shipment.to.phone), "RECEIVER_ADDRESS": address(&shipment.to),
        "PRODUCT_NAME": names, "PRODUCT_QUANTITY": 1, "PRODUCT_PRICE": shipment.value.0, "PRODUCT_WEIGHT": shipment.weight_g,
        "PRODUCT_TYPE": "HH", "ORDER_SERVICE": "VCN", "ORDER_NOTE": shipment.note,
        // 3: the goods' money is collected, the fee is ours; 1: nothing is collected.
        "ORDER_PAYMENT": if shipment.cod.0 > 0 { 3 } else { 1 }, "MONEY_COLLECTION": shipment.cod.0,
    })
}

impl CarrierApi for ViettelPost {
    fn quote<'a>(&'a self, contract: &'a Contract, parcel: &'a Shipment) -> Answer<'a, Vnd> {
        Box::pin(async move {
            let data = self.call(contract, "v2/order/getPriceNlp", shipment(parcel)).await?;
            amount(&data["MONEY_TOTAL"]).map(Vnd).ok_or_else(|| CarrierError::Unknown("no fee".to_owned()))
        })
    }

    fn create<'a>(&'a self, contract: &'a Contract, parcel: &'a Shipment) -> Answer<'a, Booking> {
        Box::pin(async move {
            let data = self.call(contract, "v2/order/createOrderNlp", shipment(parcel)).await?;
            let code = carrier::code(&data["ORDER_NUMBER"]);
            Ok(Booking {
                tracking_code: code.ok_or_else(|| CarrierError::Unknown("no order number".to_owned()))?,
                fee: amount(&data["MONEY_TOTAL"]).map(Vnd),
                expected_on: None,
            })
        })
    }

    /// There is no query by our number; its webhook carries it as `ORDER_REFERENCE` and settles the parcel.
    fn find<'a>(&'a self, _: &'a Contract, _: &'a str) -> Answer<'a, Option<Booking>> {
        Box::pin(async { Err(CarrierError::Unknown("Viettel Post cannot be asked by our number".to_owned())) })
    }

    fn track<'a>(&'a self, _: &'a Contract, _: &'a str) -> Answer<'a, Update> {
        Box::pin(async { Err(CarrierError::Unknown("Viettel Post reports by webhook alone".to_owned())) })
    }

    fn cancel<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let body = json!({"TYPE": 4, "ORDER_NUMBER": tracking_code, "NOTE": "Nguoi ban huy don"});
            self.call(contract, "v2/order/UpdateOrder", body).await.map(|_| ())
        })
    }

    fn label<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, Label> {
        Box::pin(async move {
            let body = json!({"ORDER_ARRAY": [tracking_code], "EXPIRY_TIME": 0});
            let data = self.call(contract, "v2/order/printing-code", body).await?;
            let code = data.as_str().ok_or_else(|| CarrierError::Unknown("no printing code".to_owned()))?;
            Ok(Label::Link(format!(
                "https://digitalize.viettelpost.vn/DigitalizePrint/report.do?type=1&bill={code}&showPostage=1"
            )))
        })
    }

    fn parse_webhook(&self, body: &[u8]) -> Option<Update> {
        let whole: Value = serde_json::from_slice(body).ok()?;
        let data = &whole["DATA"];
        let code = amount(&data["ORDER_STATUS"])?;
        Some(Update {
            tracking_code: carrier::code(&data["ORDER_NUMBER"])?,
            reference: carrier::code(&data["ORDER_REFERENCE"]),
            status: code.to_string(),
            state: state(code),
        })
    }
}
