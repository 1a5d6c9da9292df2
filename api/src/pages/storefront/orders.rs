//! An order's page: what became of it, how to pay, what to show when collecting.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::pickup_point;
use entity::purchase;
use entity::sealed::Sealed;
use entity::value::{OrderId, OrderState, PaymentMethod, PickupPointId, RecallId};
use minijinja::context;
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::{Value, json};

use super::after;
use super::basket::own_form;
use super::shell::{Fault, Placed, Shell};
use crate::money::payment::{PaymentAction, Till, begin_payment, standing_payment};
use crate::orders::ordering::{Action, BuyersOrder, By, step, views};
use crate::orders::recall;
use crate::platform::db::{all, by_id};
use crate::platform::edge::client_address;
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::pdf::{qr_png, qr_svg};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::templates::value;
use crate::shop::delivery::PickupPoint;

#[derive(FromQueryResult)]
struct Other {
    id: entity::value::OrderId,
    number: String,
    access_token: Sealed,
}

pub async fn order_page(
    shell: &Shell,
    order: &BuyersOrder,
    status: StatusCode,
    error: &str,
    arrival: Arrival,
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
        .map(|other| json!({"number": other.number, "path": format!("/o/{}?token={}", other.id, &*other.access_token)}))
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
    let pay = if view.state == OrderState::AwaitingPayment { to_do(shell, order).await? } else { json!({}) };
    let after = after::of(shell, order).await.map_err(|problem| shell.fault(problem))?;
    let values = context! {
        after => value(&after), recalls => value(&recalls), o => value(&view), token => token.to_string(), pay => value(&pay), error => error, arrival => value(&arrival), methods => methods, others => value(&others),
        code => code.unwrap_or_default(), code_qr => code_qr, point => value(&point),
    };
    shell.page("order.html", status, values)
}

/// What brought somebody to the page of an order.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Arrival {
    /// It was placed a moment ago.
    thanks: bool,
    /// It is to be paid now: a provider's page opens by itself.
    paying: bool,
}

impl Arrival {
    fn of(request: &HttpRequest) -> Self {
        let has = |mark: &str| request.query_string().split('&').any(|pair| pair == mark);
        Self { thanks: has("thanks=1"), paying: has("paying=1") }
    }
}

/// What the buyer is to do to pay: open a page, or transfer with what is written here. The page shows it at once and again.
async fn to_do(shell: &Shell, order: &BuyersOrder) -> Result<Value, Fault> {
    let standing = standing_payment(shell.db.fresh(), order.row.purchase_id, shell.clock.now()).await?;
    Ok(match standing.and_then(|payment| payment.action) {
        Some(PaymentAction::Redirect { url }) => json!({"redirect": url}),
        Some(PaymentAction::Transfer { qr, account, holder, amount, description, .. }) => {
            let svg = qr_svg(&qr, "VietQR").map_err(Problem::internal)?;
            json!({"qr": svg, "account": account, "holder": holder, "amount": amount, "description": description})
        }
        None => json!({}),
    })
}

#[get("/o/{id}")]
pub async fn on_show(request: HttpRequest, shell: Shell, order: BuyersOrder) -> Result<HttpResponse, Fault> {
    order_page(&shell, &order, StatusCode::OK, "", Arrival::of(&request)).await
}

/// The word for how the order stands: the page asks for it while it waits, and turns when it is another.
#[get("/o/{id}/state")]
pub async fn on_state(order: BuyersOrder) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(order.row.state.as_str())
}

/// The transfer's code as a picture to keep: banks' apps read it from among the phone's pictures.
#[get("/o/{id}/qr.png")]
pub async fn on_qr(shell: Shell, order: BuyersOrder) -> Result<HttpResponse, Fault> {
    let standing = standing_payment(shell.db.fresh(), order.row.purchase_id, shell.clock.now()).await?;
    let Some(PaymentAction::Transfer { qr, description, .. }) = standing.and_then(|payment| payment.action) else {
        return Err(shell.fault(Problem::new(&NOT_FOUND)));
    };
    let picture = qr_png(&qr).map_err(|error| shell.fault(Problem::internal(error)))?;
    let name = format!("attachment; filename=\"vietqr-{description}.png\"");
    Ok(HttpResponse::Ok()
        .content_type("image/png")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(picture))
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
        Ok(_) => Ok(shell.to_be_paid(order.row.id, &order.row.access_token, Placed::Before)),
        Err(problem) if problem.code.status < 500 => {
            order_page(&shell, &order, StatusCode::CONFLICT, &problem.words(shell.language), Arrival::default()).await
        }
        Err(problem) => Err(shell.fault(problem)),
    }
}

async fn stepped(shell: &Shell, order: &BuyersOrder, action: Action) -> Result<HttpResponse, Fault> {
    match step(&order.tools(), &order.row, action, By::of(order.kind, order.account, None)).await {
        Ok(row) => Ok(shell.to(&format!("/o/{}?token={}", row.id, &*row.access_token))),
        Err(problem) if problem.code.status < 500 => {
            order_page(shell, order, StatusCode::CONFLICT, &problem.words(shell.language), Arrival::default()).await
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
    Ok(shell.to(&format!("/o/{}?token={}", order.row.id, &*order.row.access_token)))
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
