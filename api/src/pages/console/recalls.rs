//! Taking lots back: which, why, who has been reached, and what became of them.

use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{LotId, NoticeId, RecallId};
use minijinja::context;
use serde::Deserialize;

use super::render::{page, value};
use crate::ocop::traceability::plots;
use crate::orders::recall::{self, Chosen, NewRecall, NoticeConfirmation, OutcomeInput, RecallReportFormat};
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;

#[derive(Deserialize)]
pub struct Prefilled {
    code: Option<String>,
}

#[get("/console/recalls")]
pub async fn on_list(seat: Seat, query: Query<Prefilled>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let found = recall::find(seat.desk.db.fresh(), shop, (Some(50), None)).await?;
    let plots = plots::find(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    let values = context! {
        recalls => value(&found.items), plots => value(&plots.items), code => query.code.clone().unwrap_or_default(), may_recall => seat.may(Permission::Recall),
    };
    page(&seat, "recalls.html", "stock", values)
}

fn recall_of(form: &Form) -> Result<NewRecall, Problem> {
    let codes = form.text("codes").split([',', ';', '\n']).map(|code| code.trim().to_owned());
    validate(NewRecall {
        lots: Chosen {
            codes: codes.filter(|code| !code.is_empty()).collect(),
            plot_id: form.some("plot").map(|_| form.parsed("plot")).transpose()?,
            material: form.some("material"),
            from: form.date("from")?,
            to: form.date("to")?,
        },
        reason: form.text("reason").to_owned(),
        advice: form.text("advice").to_owned(),
    })
}

#[post("/console/recalls")]
pub async fn on_raise(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::Recall)?;
    let form = seat.form(&request, payload, FORM).await?;
    let raised = match recall_of(&form) {
        Ok(input) => recall::raise(&seat.desk, shop, input, None, None).await,
        Err(problem) => Err(problem),
    };
    match raised {
        Ok(id) => Ok(seat
            .back(&format!("/console/recalls/{id}"), Ok(seat.say("Đã phát lệnh thu hồi.", "The recall is raised.")))),
        Err(problem) => seat.told("/console/recalls", Err(problem), WRITTEN),
    }
}

#[get("/console/recalls/{id}")]
pub async fn on_show(seat: Seat, id: Path<RecallId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let (found, lots) = recall::show(seat.desk.db.fresh(), shop, *id).await?;
    let notices = recall::notices(&seat.desk, shop, *id, None, (Some(MAX_LIMIT), None)).await?;
    let values = context! {
        r => value(&found), lots => value(&lots), notices => value(&notices.items), shop_id => shop.to_string(), may_recall => seat.may(Permission::Recall),
    };
    page(&seat, "recall.html", "stock", values)
}

#[post("/console/recalls/{id}/notices/{notice}")]
pub async fn on_confirm(
    request: HttpRequest,
    seat: Seat,
    path: Path<(RecallId, NoticeId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::AnswerBuyers)?;
    let form = seat.form(&request, payload, FORM).await?;
    let note = form.some("note").unwrap_or_else(|| "đã liên hệ".to_owned());
    let done = match validate(NoticeConfirmation { note }) {
        Ok(said) => recall::confirm(&seat.desk, shop, *path, &said.note).await,
        Err(problem) => Err(problem),
    };
    seat.told(&format!("/console/recalls/{}", path.0), done, WRITTEN)
}

#[post("/console/recalls/{id}/refunds")]
pub async fn on_refund(
    request: HttpRequest,
    seat: Seat,
    id: Path<RecallId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::Recall)?;
    seat.form(&request, payload, FORM).await?;
    let path = format!("/console/recalls/{id}");
    match recall::refund_all(&seat.desk, shop, *id).await {
        Ok(done) => {
            let words = format!("{} {}", done.owed, seat.say("đơn được hoàn tiền.", "orders get their money back."));
            Ok(seat.back(&path, Ok(&words)))
        }
        Err(problem) => seat.told(&path, Err(problem), WRITTEN),
    }
}

#[post("/console/recalls/{id}/lots/{lot}")]
pub async fn on_settle(
    request: HttpRequest,
    seat: Seat,
    path: Path<(RecallId, LotId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::Recall)?;
    let form = seat.form(&request, payload, FORM).await?;
    let outcome = form
        .text("outcome")
        .parse()
        .map_err(|()| Problem::field("/outcome", "value", "chưa chọn cách xử lý", "choose what becomes of it"));
    let done = match outcome {
        Ok(outcome) => match validate(OutcomeInput { outcome, note: form.text("note").to_owned() }) {
            Ok(input) => recall::settle(&seat.desk, shop, *path, input).await,
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    seat.told(&format!("/console/recalls/{}", path.0), done, WRITTEN)
}

#[get("/console/recalls/{id}/report.{format}")]
pub async fn on_report(seat: Seat, path: Path<(RecallId, String)>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let format = if path.1 == "xlsx" { RecallReportFormat::Xlsx } else { RecallReportFormat::Pdf };
    Ok(recall::answer(&seat.desk, shop, path.0, format).await?)
}
