//! Giao Hàng Nhanh, public API v2 ("GHN API documentation", shiip/public-api/v2). Headers `Token` and `ShopId`; weights in
//! grams, sizes in centimetres, amounts in đồng.

use entity::value::{ParcelState, Vnd};
use serde_json::{Value, json};

use super::carrier::{
    self, Answer, Booking, CarrierApi, CarrierError, Contract, Http, Label, Shipment, Update, amount, day, national,
};

pub struct Ghn {
    pub http: Http,
    pub base: String,
}

impl Ghn {
    async fn call(&self, contract: &Contract, path: &str, body: Value) -> Result<Value, CarrierError> {
        let headers = [("Token", contract.token()), ("ShopId", contract.shop_id.as_str())];
        let answer: Value = self.http.post(format!("{}/{path}", self.base), &headers, &body).await?;
        if answer["code"] == 200 {
            return Ok(answer["data"].clone());
        }
        Err(CarrierError::Refused(answer["message"].as_str().unwrap_or("no reason given").chars().take(200).collect()))
    }
}

fn booking(data: &Value) -> Result<Booking, CarrierError> {
    let code = carrier::code(&data["order_code"]);
    Ok(Booking {
        tracking_code: code.ok_or_else(|| CarrierError::Unknown("no order code".to_owned()))?,
        fee: amount(&data["total_fee"]).map(Vnd),
        expected_on: data["expected_delivery_time"].as_str().or(data["leadtime"].as_str()).and_then(day),
    })
}

fn state(status: &str) -> Option<ParcelState> {
    Some(match status {
        "ready_to_pick" | "picking" | "money_collect_picking" => ParcelState::Booked,
        "picked" | "storing" | "transporting" | "sorting" => ParcelState::InTransit,
        "delivering" | "money_collect_delivering" => ParcelState::OutForDelivery,
        "delivered" => ParcelState::Delivered,
        "delivery_fail" | "exception" => ParcelState::Failed,
        "waiting_to_return" | "return" | "return_transporting" | "return_sorting" | "returning" | "return_fail" => {
            ParcelState::Returning
        }
        "returned" => ParcelState::Returned,
        "cancel" => ParcelState::Cancelled,
        "damage" | "lost" => ParcelState::Lost,
        _ => return None,
    })
}

fn update(data: &Value, code: &str, client: &str, status: &str) -> Option<Update> {
    let status = carrier::code(&data[status])?;
    Some(Update {
        tracking_code: carrier::code(&data[code])?,
        reference: carrier::code(&data[client]),
        state: state(&status),
        status,
    })
}

impl CarrierApi for Ghn {
    fn quote<'a>(&'a self, contract: &'a Contract, shipment: &'a Shipment) -> Answer<'a, Vnd> {
        Box::pin(async move {
            let body = json!({
                "service_type_id": 2, "weight": shipment.weight_g, "insurance_value": shipment.value.0, "cod_value": shipment.cod.0,
                "from_ward_name": shipment.from.commune, "from_province_name": shipment.from.province,
                "to_ward_name": shipment.to.commune, "to_province_name": shipment.to.province,
            });
            let data = self.call(contract, "v2/shipping-order/fee", body).await?;
            amount(&data["total"]).map(Vnd).ok_or_else(|| CarrierError::Unknown("no fee".to_owned()))
        })
    }

    fn create<'a>(&'a self, contract: &'a Contract, shipment: &'a Shipment) -> Answer<'a, Booking> {
        Box::pin(async move {
            let item = |item: &super::carrier::Item| json!({"name": item.name, "quantity": item.quantity, "weight": item.weight_g});
            let body = json!({
                "payment_type_id": 1, "required_note": "CHOXEMHANGKHONGTHU", "service_type_id": 2,
                "client_order_code": shipment.reference, "note": shipment.note, "content": shipment.reference,
                "from_name": shipment.from.name, "from_phone": national(&shipment.from.phone), "from_address": shipment.from.street,
                "from_ward_name": shipment.from.commune, "from_province_name": shipment.from.province,
                "to_name": shipment.to.name, "to_phone": national(&shipment.to.phone), "to_address": shipment.to.street,
                "to_ward_name": shipment.to.commune, "to_province_name": shipment.to.province,
                "cod_amount": shipment.cod.0, "insurance_value": shipment.value.0, "weight": shipment.weight_g,
                "length": 30, "width": 20, "height": 20, "items": shipment.items.iter().map(item).collect::<Vec<_>>(),
            });
            booking(&self.call(contract, "v2/shipping-order/create", body).await?)
        })
    }

    fn find<'a>(&'a self, contract: &'a Contract, reference: &'a str) -> Answer<'a, Option<Booking>> {
        Box::pin(async move {
            let body = json!({"client_order_code": reference});
            match self.call(contract, "v2/shipping-order/detail-by-client-code", body).await {
                Ok(data) => booking(&data).map(Some),
                Err(CarrierError::Refused(_)) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn track<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, Update> {
        Box::pin(async move {
            let data = self.call(contract, "v2/shipping-order/detail", json!({"order_code": tracking_code})).await?;
            let read = update(&data, "order_code", "client_order_code", "status");
            read.ok_or_else(|| CarrierError::Unknown("no status".to_owned()))
        })
    }

    fn cancel<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let body = json!({"order_codes": [tracking_code]});
            let data = self.call(contract, "v2/switch-status/cancel", body).await?;
            match data[0]["result"].as_bool() {
                Some(true) => Ok(()),
                _ => Err(CarrierError::Refused(data[0]["message"].as_str().unwrap_or("not cancelled").to_owned())),
            }
        })
    }

    fn label<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, Label> {
        Box::pin(async move {
            let data = self.call(contract, "v2/a5/gen-token", json!({"order_codes": [tracking_code]})).await?;
            let token = data["token"].as_str().ok_or_else(|| CarrierError::Unknown("no token".to_owned()))?;
            let origin = self.base.split("/shiip").next().unwrap_or(&self.base);
            Ok(Label::Link(format!("{origin}/a5/public-api/printA5?token={token}")))
        })
    }

    fn parse_webhook(&self, body: &[u8]) -> Option<Update> {
        update(&serde_json::from_slice(body).ok()?, "OrderCode", "ClientOrderCode", "Status")
    }
}
