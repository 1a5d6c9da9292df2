//! An order's page: what became of it, how to pay, what to show when collecting.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::pickup_point;
use entity::purchase;
use entity::value::{OrderId, OrderState, PaymentMethod, PickupPointId, RecallId};
use minijinja::context;
use sea_orm::FromQueryResult;
use serde_json::{Value, json};

use super::basket::own_form;
use super::shell::{Fault, Shell};
use crate::money::payment::{PaymentAction, Till, begin_payment};
use crate::orders::ordering::{Action, BuyersOrder, By, step, views};
use crate::orders::recall;
use crate::platform::db::{all, by_id};
use crate::platform::edge::client_address;
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::pdf::qr_svg;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::templates::value;
use crate::shop::delivery::PickupPoint;

#[derive(FromQueryResult)]
struct Other {
    id: entity::value::OrderId,
    number: String,
    access_token: String,
}

async fn order_page(
    shell: &Shell,
    order: &BuyersOrder,
    status: StatusCode,
    pay: Value,
    error: &str,
    thanks: bool,
) -> Result<HttpResponse, Fault> {
    let row = crate::orders::ordering::read(&shell.db, order.row.id).await.map_err(|problem| shell.fault(problem))?;
    let token = row.access_token.clone();
    let code = row.collection_code.clone().filter(|_| {
        !matches!(
            row.state,
            OrderState::Delivered | OrderState::Completed | OrderState::Cancelled | OrderState::Expired
        )
    });
    let point = match row.pickup_point_id {
        Some(id) => by_id::<pickup_point::Entity>(shell.db.fresh(), id as PickupPointId).await?.map(PickupPoint::from),
        None => None,
    };
    let sql = "SELECT id, number, access_token FROM orders WHERE purchase_id = $1 AND id <> $2 ORDER BY id";
    let others = all::<Other>(shell.db.fresh(), sql, [row.purchase_id.into(), row.id.into()]).await?;
    let others: Vec<Value> = others
        .into_iter()
        .map(|other| json!({"number": other.number, "path": format!("/o/{}?token={}", other.id, other.access_token)}))
        .collect();
    let view = views(shell.db.fresh(), vec![row], order.kind, shell.clock.now())
        .await
        .map_err(|problem| shell.fault(problem))?;
    let view = view.into_iter().next().ok_or_else(|| shell.fault(Problem::new(&NOT_FOUND)))?;
    let methods: Vec<&str> = shell.config.payment_methods().iter().map(|method| method.as_str()).collect();
    let code_qr = match &code {
        Some(code) => qr_svg(code, code).map_err(Problem::internal)?,
        None => String::new(),
    };
    let recalls = recall::of_order(shell.db.fresh(), order.row.id).await?;
    let values = context! {
        recalls => value(&recalls), o => value(&view), token => token, pay => value(&pay), error => error, thanks => thanks, methods => methods, others => value(&others),
        code => code.unwrap_or_default(), code_qr => code_qr, point => value(&point),
    };
    shell.page("order.html", status, values)
}

#[get("/o/{id}")]
pub async fn on_show(request: HttpRequest, shell: Shell, order: BuyersOrder) -> Result<HttpResponse, Fault> {
    let thanks = request.query_string().split('&').any(|pair| pair == "thanks=1");
    order_page(&shell, &order, StatusCode::OK, json!({}), "", thanks).await
}

#[post("/o/{id}/pay")]
pub async fn start_paying(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    till: Data<Till>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let started = async {
        let method: PaymentMethod = form.parsed("method")?;
        let row = by_id::<purchase::Entity>(shell.db.fresh(), order.row.purchase_id).await?;
        let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
        let key = IdempotencyKey(format!("page:{}", form.text("once").chars().take(64).collect::<String>()));
        let address = client_address(&request).map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string());
        begin_payment(&till, row, method, &key, address).await
    };
    match started.await {
        Ok(payment) => {
            let pay = match payment.action {
                Some(PaymentAction::Redirect { url }) => json!({"redirect": url}),
                Some(PaymentAction::Transfer { qr, account, holder, amount, description, .. }) => {
                    let svg = qr_svg(&qr, "VietQR").map_err(Problem::internal)?;
                    json!({"qr": svg, "account": account, "holder": holder, "amount": amount, "description": description})
                }
                None => json!({}),
            };
            order_page(&shell, &order, StatusCode::OK, pay, "", false).await
        }
        Err(problem) if problem.code.status < 500 => {
            order_page(&shell, &order, StatusCode::CONFLICT, json!({}), &problem.words(shell.language), false).await
        }
        Err(problem) => Err(shell.fault(problem)),
    }
}

async fn stepped(shell: &Shell, order: &BuyersOrder, action: Action) -> Result<HttpResponse, Fault> {
    match step(&order.tools(), &order.row, action, By::of(order.kind, order.account, None)).await {
        Ok(row) => Ok(shell.to(&format!("/o/{}?token={}", row.id, row.access_token))),
        Err(problem) if problem.code.status < 500 => {
            order_page(shell, order, StatusCode::CONFLICT, json!({}), &problem.words(shell.language), false).await
        }
        Err(problem) => Err(shell.fault(problem)),
    }
}

/// The buyer has read a recall.
#[post("/o/{id}/recalls/{recall}")]
pub async fn on_recall(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    path: Path<(OrderId, RecallId)>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    own_form(&shell, &request, payload).await?;
    let done = recall::confirm_as_buyer(&shell.db, order.row.id, path.1, shell.clock.now()).await;
    done.map_err(|problem| shell.fault(problem))?;
    Ok(shell.to(&format!("/o/{}?token={}", order.row.id, order.row.access_token)))
}

#[post("/o/{id}/cancel")]
pub async fn on_cancel(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    own_form(&shell, &request, payload).await?;
    stepped(&shell, &order, Action::Cancel).await
}

#[post("/o/{id}/complete")]
pub async fn on_complete(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    own_form(&shell, &request, payload).await?;
    stepped(&shell, &order, Action::Complete).await
}
