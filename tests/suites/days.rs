//! Days as people give them: whole, and in Vietnam.

use serde_json::json;
use tests::{Gateway, Server, Settings, address};

use crate::elsewhere::{admin, buy_with, pay, promotion};

fn vietnam() -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc().to_offset(time::UtcOffset::from_hms(7, 0, 0).unwrap())
}

pub fn today() -> String {
    vietnam().date().to_string()
}

/// Seconds from now until a moment in Vietnam.
fn ahead(day: time::Date, hour: u8, minute: u8, second: u8) -> i64 {
    let at = day.with_hms(hour, minute, second).unwrap().assume_offset(time::UtcOffset::from_hms(7, 0, 0).unwrap());
    (at - time::OffsetDateTime::now_utc()).whole_seconds()
}

#[tokio::test]
async fn a_promotion_of_one_day_is_valid_all_day_in_vietnam() {
    let day = vietnam().date().next_day().unwrap();
    let mut server = Server::with(Settings::default().set("OCOP_CLOCK_AHEAD_SECONDS", ahead(day, 0, 0, 5))).await;
    let offer = server.offer("hat-doi", 0).await;
    let one_day = json!({"code": "MOTNGAY", "kind": "percentage", "rate_bp": 1000, "starts_at": day.to_string(), "ends_at": day.to_string()});
    let made = promotion(&server, one_day).await;
    assert_eq!(made["starts_at"], format!("{}T17:00:00Z", day.previous_day().unwrap()));
    assert_eq!(made["ends_at"], format!("{day}T17:00:00Z"));
    let tried = async |server: &Server| {
        let basket = server.basket(&[(&offer, 1)]).await;
        basket.client.post(&basket.path("/quote"), json!({"address": address(), "codes": ["MOTNGAY"]})).await.status
    };
    assert_eq!(tried(&server).await, 201, "five seconds after midnight");
    for (hour, minute, status) in [(6, 59, 201), (23, 58, 201)] {
        server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", ahead(day, hour, minute, 0))).await;
        assert_eq!(tried(&server).await, status, "{hour}:{minute}");
    }
    let after = day.next_day().unwrap();
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", ahead(after, 0, 0, 1))).await;
    assert_eq!(tried(&server).await, 422, "a second after its last");
}

#[tokio::test]
async fn the_first_of_a_month_holds_what_happened_in_its_night() {
    let gateway = Gateway::new().await;
    let today = vietnam().date();
    let month = today.month().next();
    let year = if month == time::Month::January { today.year() + 1 } else { today.year() };
    let first = time::Date::from_calendar_date(year, month, 1).unwrap();
    let mut server = Server::with(gateway.settings()).await;
    let offer = server.offer("hat-doi", 0).await;
    let feed = server.partner().await.feed(json!({"products": ["hat-doi"], "in_stock": false})).await;
    let mut goods = 0;
    for (hour, minute) in [(0, 30), (6, 59)] {
        server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", ahead(first, hour, minute, 0))).await;
        let basket = server.basket(&[(&offer, 1)]).await;
        let click = server.click(&server.link(&feed, "hat-doi").await).await.unwrap();
        basket.attribute(json!({"click": click})).await.expect(200);
        let purchase = buy_with(&basket, &[], "vnpay").await;
        pay(&server, &basket, &purchase, "a").await;
        let seller = server.seller_of("hat-doi").await;
        seller.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
        goods += purchase["goods"]["amount"].as_i64().unwrap();
    }
    let period = first.to_string()[..7].to_owned();
    let admin = admin(&server).await;
    let declared = admin.get(&format!("/v1/admin/tax-declaration?period={period}")).await.expect(200);
    let line = declared["lines"].as_array().unwrap().iter().find(|line| line["kind"] == "goods").cloned();
    assert_eq!(line.unwrap_or_default()["revenue"], goods, "{declared}");
    let seller = server.seller_of("hat-doi").await;
    let path = seller.path(&format!("statements?from={first}&to={first}"));
    let statement = seller.client.get(&path).await.expect(200);
    assert!(statement["gross"].as_i64().unwrap() >= goods, "{statement}");
    let before = first.previous_day().unwrap();
    let path = seller.path(&format!("statements?from={before}&to={before}"));
    let statement = seller.client.get(&path).await.expect(200);
    assert_eq!(statement["gross"], 0, "{statement}");
    let partner = server.partner().await;
    let total = async |day: time::Date| {
        let report = partner.get(&format!("report?from={day}&to={day}")).await.expect(200);
        (report["total"]["orders"].as_i64().unwrap(), report["total"]["goods"].as_i64().unwrap())
    };
    assert_eq!((total(first).await, total(before).await), ((2, goods), (0, 0)));
    server.assert_books_agree();
}
