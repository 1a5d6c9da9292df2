//! Difficulties as officers and partners see them, and the help they offer.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::help_offer;
use entity::programme::{DifficultyKind, DifficultyState, HelpState};
use entity::value::{DifficultyId, HelpOfferId, OfficeId, PartnerId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::help::{DIFFICULTY_OVER, Difficulty, HELP_STATE, Row, SELECT, settle, shown, step, whole};
use super::sight::{acting, place_of};
use super::steps::HelpAct;
use crate::people::desk::{Desk, PartnerDesk};
use crate::people::identity::partner::Scope;
use crate::people::offices::{Jurisdiction, OfficePermission};
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, is_duplicate, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem, codes};

codes! {
    HELP_OFFERED = "help_offered" 409 "Bạn đã nhận giúp việc này." "You have offered help with it already.";
}

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct DifficultyQuery {
    #[param(inline)]
    pub kind: Option<DifficultyKind>,
    #[param(inline)]
    pub state: Option<DifficultyState>,
    /// 20 unless told.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

async fn find(desk: &Desk, query: &DifficultyQuery, condition: &str) -> Result<Page<Difficulty>, Problem> {
    let page = NewestFirst::of(SELECT, "d.id", (query.limit, query.cursor.as_deref()))?
        .and_if("d.kind = ?", query.kind.map(DifficultyKind::as_str))
        .and_if("d.state = ?", query.state.map(DifficultyState::as_str))
        .and_that(condition)
        .page(desk.db.fresh(), Row::key)
        .await?;
    Ok(Page { items: whole(desk.db.fresh(), page.items).await?, next_cursor: page.next_cursor })
}

/// Difficulties of producers in one's place, newest first.
pub async fn difficulties(desk: &Desk, query: &DifficultyQuery) -> Result<Page<Difficulty>, Problem> {
    let places = desk.jurisdiction(OfficePermission::SeeFigures).await?;
    find(desk, query, &places.condition("c.commune_code")).await
}

/// Difficulties of producers in one's place, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_difficulties", security(("access_token" = [])), params(DifficultyQuery), responses((status = 200, description = "A page of difficulties", body = Page<Difficulty>)))]
#[get("/v1/officer/difficulties")]
pub async fn list_difficulties(desk: Desk, query: Params<DifficultyQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(difficulties(&desk, &query.0).await?))
}

/// Difficulties of a kind, counted.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct KindFigures {
    pub kind: DifficultyKind,
    pub open: i64,
    pub helped: i64,
    pub solved: i64,
    pub withdrawn: i64,
    /// Help offered, whatever came of it.
    pub offers: i64,
}

/// Difficulties of one's place by kind.
pub async fn kind_figures(desk: &Desk) -> Result<Vec<KindFigures>, Problem> {
    let places: Jurisdiction = desk.jurisdiction(OfficePermission::SeeFigures).await?;
    let count =
        |state: &str| format!("CAST(SUM(CASE WHEN d.state = '{state}' THEN 1 ELSE 0 END) AS bigint) AS {state}");
    let sql = format!(
        "SELECT d.kind, {}, {}, {}, {}, CAST(SUM((SELECT COUNT(*) FROM help_offer h WHERE h.difficulty_id = d.id)) AS bigint) AS offers
         FROM difficulty d JOIN cooperative c ON c.id = d.cooperative_id WHERE {} GROUP BY d.kind ORDER BY d.kind",
        count("open"),
        count("helped"),
        count("solved"),
        count("withdrawn"),
        places.condition("c.commune_code")
    );
    Ok(all(desk.db.fresh(), sql, []).await?)
}

#[derive(Serialize, ToSchema)]
pub struct DifficultyFigures {
    items: Vec<KindFigures>,
}

/// Difficulties of one's place by kind.
#[utoipa::path(tag = "programme", operation_id = "show_difficulty_figures", security(("access_token" = [])), responses((status = 200, description = "The figures", body = DifficultyFigures)))]
#[get("/v1/officer/difficulties/figures")]
pub async fn show_difficulty_figures(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(DifficultyFigures { items: kind_figures(&desk).await? }))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"offer": "Giới thiệu kho mát của hợp tác xã Mường Động, giảm nửa giá tháng đầu"}))]
pub struct HelpInput {
    /// Of an office; one's only one unless told.
    pub office_id: Option<OfficeId>,
    #[garde(length(chars, min = 5, max = 1000))]
    #[schema(min_length = 5, max_length = 1000)]
    pub offer: String,
}

/// Who helps.
enum Helper {
    Office(OfficeId, String),
    Partner(PartnerId, String),
}

async fn offer(desk: &Desk, id: DifficultyId, helper: Helper, input: HelpInput) -> Result<Difficulty, Problem> {
    let transaction = desk.begin().await?;
    // Whoever closes it meanwhile comes before or after.
    let sql = "UPDATE difficulty SET state = state WHERE id = $1 AND state IN ('open', 'helped')";
    if run(&transaction, sql, [id.into()]).await? != 1 {
        return Err(Problem::new(&DIFFICULTY_OVER));
    }
    let (office, partner, name) = match helper {
        Helper::Office(id, name) => (Some(id), None, name),
        Helper::Partner(id, name) => (None, Some(id), name),
    };
    let row = help_offer::ActiveModel {
        id: Set(HelpOfferId::new()),
        difficulty_id: Set(id),
        office_id: Set(office),
        partner_id: Set(partner),
        offer: Set(fold::stored(&input.offer)),
        state: Set(HelpState::Offered),
        outcome: Set(None),
        offered_by: Set(desk.who.account),
        offered_at: Set(desk.now()),
        updated_at: Set(desk.now()),
    };
    match help_offer::Entity::insert(row).exec_without_returning(&transaction).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&HELP_OFFERED)),
        done => done?,
    };
    let found = shown(&transaction, id).await?;
    let told = json!({"difficulty_id": id, "by": name, "offer": input.offer, "kind": found.kind});
    emit(&transaction, "help.offered", found.cooperative_id.0, told.clone(), desk.now()).await?;
    desk.audit(&transaction, "help.offered", ("difficulty", id.0), (), told).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(found)
}

/// Offer an office's help. The cooperative is told.
pub async fn offer_help(desk: &Desk, id: DifficultyId, input: HelpInput) -> Result<Difficulty, Problem> {
    let places = Jurisdiction::of(&desk.seats(OfficePermission::SeeFigures).await?);
    let found = shown(desk.db.fresh(), id).await?;
    if !places.covers(&found.commune_code) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let office = acting(desk, desk.db.fresh(), OfficePermission::OfferHelp, input.office_id).await?;
    if !place_of(&office).covers(&found.commune_code) {
        return Err(Problem::new(&FORBIDDEN));
    }
    offer(desk, id, Helper::Office(office.id, office.name), input).await
}

/// Offer one's office's help. The cooperative is told.
#[utoipa::path(tag = "programme", operation_id = "offer_help_as_office", security(("access_token" = [])), params(("difficulty_id" = DifficultyId, Path)), request_body = HelpInput, responses((status = 201, description = "The difficulty", body = Difficulty)))]
#[post("/v1/officer/difficulties/{difficulty_id}/offers")]
pub async fn offer_help_as_office(
    desk: Desk,
    id: Path<DifficultyId>,
    body: Body<HelpInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(offer_help(&desk, *id, body.0).await?))
}

/// Withdraw help of one's office.
pub async fn withdraw_offer(desk: &Desk, (id, offer): (DifficultyId, HelpOfferId)) -> Result<Difficulty, Problem> {
    let seats = desk.seats(OfficePermission::OfferHelp).await?;
    let transaction = desk.begin().await?;
    let row = by_id::<help_offer::Entity>(&transaction, offer).await?.filter(|row| row.difficulty_id == id);
    let row = row.filter(|row| seats.iter().any(|seat| Some(seat.office_id) == row.office_id));
    if row.is_none() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let sql = "UPDATE difficulty SET state = state WHERE id = $1 AND state IN ('open', 'helped')";
    if run(&transaction, sql, [id.into()]).await? != 1 {
        return Err(Problem::new(&DIFFICULTY_OVER));
    }
    if step(&transaction, ("id", offer.into()), HelpAct::Withdraw, (None, desk.now())).await? != 1 {
        return Err(Problem::new(&HELP_STATE));
    }
    settle(&transaction, id, (false, None, desk.now())).await?;
    desk.audit(&transaction, "help.withdrawn", ("help_offer", offer.0), (), ()).await?;
    transaction.commit().await?;
    shown(desk.db.fresh(), id).await
}

/// Withdraw help of one's office.
#[utoipa::path(tag = "programme", operation_id = "withdraw_help", security(("access_token" = [])), params(("difficulty_id" = DifficultyId, Path), ("offer_id" = HelpOfferId, Path)), responses((status = 200, description = "The difficulty", body = Difficulty)))]
#[post("/v1/officer/difficulties/{difficulty_id}/offers/{offer_id}/withdrawal")]
pub async fn withdraw_help(desk: Desk, path: Path<(DifficultyId, HelpOfferId)>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(withdraw_offer(&desk, path.into_inner()).await?))
}

/// Difficulties that wait for help anywhere, for an approved partner.
pub async fn difficulties_for_partner(
    desk: &PartnerDesk,
    query: &DifficultyQuery,
) -> Result<Page<Difficulty>, Problem> {
    desk.approved(Scope::FeedsRead).await?;
    find(desk, query, "d.state IN ('open', 'helped')").await
}

/// Difficulties that wait for help anywhere, for an approved partner.
#[utoipa::path(tag = "programme", operation_id = "list_difficulties_for_partner", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), DifficultyQuery), responses((status = 200, description = "A page of difficulties", body = Page<Difficulty>)))]
#[get("/v1/partner/{partner_id}/difficulties")]
pub async fn list_difficulties_for_partner(
    desk: PartnerDesk,
    query: Params<DifficultyQuery>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(difficulties_for_partner(&desk, &query.0).await?))
}

/// Offer a partner's help. The cooperative is told.
pub async fn offer_partners_help(
    desk: &PartnerDesk,
    id: DifficultyId,
    input: HelpInput,
) -> Result<Difficulty, Problem> {
    desk.approved(Scope::FeedsWrite).await?;
    let partner = by_id::<entity::partner::Entity>(desk.db.fresh(), desk.partner).await?;
    let partner = partner.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    shown(desk.db.fresh(), id).await?;
    offer(desk, id, Helper::Partner(partner.id, partner.name), input).await
}

/// Offer a partner's help. The cooperative is told.
#[utoipa::path(tag = "programme", operation_id = "offer_help_as_partner", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("difficulty_id" = DifficultyId, Path)), request_body = HelpInput, responses((status = 201, description = "The difficulty", body = Difficulty)))]
#[post("/v1/partner/{partner_id}/difficulties/{difficulty_id}/offers")]
pub async fn offer_help_as_partner(
    desk: PartnerDesk,
    path: Path<(PartnerId, DifficultyId)>,
    body: Body<HelpInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(offer_partners_help(&desk, path.1, body.0).await?))
}
