//! What happens to lots, at random: its events agree with the stock, always.

use serde_json::{Value, json};
use tests::Server;

use crate::traceability::{empty_shop, events, harvest, lot_of, text};

/// Whatever is done to lots in whatever order: what events say is what is on hand.
#[tokio::test]
async fn events_balance_with_stock_whatever_happens() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let mut seed = 20_261_128_u32;
    let mut chance = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(seed >> 16).unwrap() % below
    };
    let (mut lots, mut packed, mut done) = (vec![harvest(&shop, &offer, "L-0", 30).await], Vec::new(), [0; 9]);
    for round in 1..90 {
        let lot = lots[chance(lots.len())].clone();
        let path = |rest: &str| shop.path(&format!("lots/{}/{rest}", text(&lot, "id")));
        let act = chance(9);
        let answer = match act {
            0 => {
                let made = harvest(&shop, &offer, &format!("L-{round}"), 1 + i64::try_from(chance(9)).unwrap()).await;
                lots.push(made);
                continue;
            }
            1 => {
                shop.client
                    .post(&path("write-off"), json!({"offer_id": offer, "quantity": 1 + chance(5), "note": "hỏng"}))
                    .await
            }
            2 => {
                let more = i64::try_from(chance(9)).unwrap() - 4;
                let body = json!({"kind": "correction", "quantity": more, "lot_id": if chance(2) == 0 { lot["id"].clone() } else { Value::Null }});
                shop.client.post(&shop.path(&format!("stock/{offer}/movements")), body).await
            }
            3 => {
                let basket = server.basket(&[(&offer, 1 + i64::try_from(chance(4)).unwrap())]).await;
                if basket.ask_quote().await.status != 201 {
                    continue;
                }
                let order = text(&basket.buy().await["orders"][0], "id");
                shop.step(&order, "confirm").await.expect(200);
                let answer = shop.step(&order, "pack").await;
                packed.push(order);
                answer
            }
            4 if !packed.is_empty() => {
                let order = packed.swap_remove(chance(packed.len()));
                let body = json!({"reason": "đổi ý", "reason_code": "buyer_asked"});
                shop.client.post(&shop.path(&format!("orders/{order}/cancel")), body).await
            }
            5 => {
                let told = events(&shop, &lot).await;
                let event = text(&told[chance(told.len())], "eventID").replace("urn:uuid:", "");
                let body = if chance(2) == 0 {
                    json!({"reason": "did_not_occur", "note": "nhầm"})
                } else {
                    json!({"reason": "incorrect_data", "quantity": chance(20), "note": "nhầm"})
                };
                shop.client.post(&path(&format!("events/{event}/error")), body).await
            }
            // Some boxes made into others, with what is added: split, or put together.
            6 => {
                let used = 1 + i64::try_from(chance(4)).unwrap();
                let mut made = lot_of(&shop, &offer, &format!("T-{round}"), 1 + i64::try_from(chance(6)).unwrap());
                made["made_of"] = json!([{"code": lot["trace_code"], "offer_id": offer, "quantity": used}]);
                made["added_g"] = json!(chance(400));
                let answer = shop.client.post(&shop.path("lots"), made).await;
                if answer.status == 201 {
                    lots.push(answer.body.clone());
                }
                answer
            }
            // Bought, brought, and some of it given back.
            7 => {
                let basket = server.basket(&[(&offer, 2)]).await;
                if basket.ask_quote().await.status != 201 {
                    continue;
                }
                let bought = basket.buy().await["orders"][0].clone();
                shop.deliver(&text(&bought, "id")).await;
                let returns = tests::Basket::link(&bought).replace('?', "/returns?");
                let goods = json!({"reason": "other", "text": "Đặt nhầm", "lines": [{"offer_id": offer, "quantity": 2}], "photos": []});
                let asked = server.client().post(&returns, goods).await.expect(201);
                let decide = shop.path(&format!("returns/{}", text(&asked, "id")));
                shop.client.post(&decide, json!({"decision": "approve"})).await.expect(200);
                let whole = json!({"offer_id": offer, "quantity": 1 + chance(2)});
                let back = json!({"decision": "receive", "restocked": if chance(3) == 0 { json!([]) } else { json!([whole]) }});
                shop.client.post(&decide, back).await
            }
            _ => shop.client.post(&path("events"), json!({"act": "inspected"})).await,
        };
        assert!(answer.status < 500, "{}", answer.body);
        done[act] += usize::from(answer.status < 300);
    }
    assert!([1, 2, 3, 5, 6, 7].iter().all(|act| done[*act] > 0), "too little was done to tell anything: {done:?}");
    server.assert_books_agree();
}
