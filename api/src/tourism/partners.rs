//! Partners: signing up, being approved, team, and where they are.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post, put};
use entity::value::{DestinationId, PartnerId, PartnerRole, PartnerState, PlatformRole};
use entity::{partner, partner_destination};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::destinations;
use super::guide::{Guide, changed};
use super::team::{Partnerships, join, partnerships_of};
use crate::people::desk::{Desk, PartnerDesk};
use crate::people::identity::check_commune;
use crate::people::identity::partner::{Scope, partnerships};
use crate::people::identity::rules::{Contact, phone};
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::shop::selling::applications::{account_number, right_tax_code, six_digits};

codes! {
    PARTNER_STATE = "partner_state" 409 "Đối tác không ở trạng thái cho phép việc này." "The partner is not in a state that allows this.";
    PARTNERS_FULL = "partners_full" 409 "Một tài khoản đăng ký nhiều nhất 10 đối tác." "An account signs up at most 10 partners.";
}

/// Who a partner is, in law, and where its commission is paid to.
#[derive(Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Homestay Mường Bi", "legal_name": "Hộ kinh doanh Bùi Thị Mai", "tax_code": "5400512345", "representative": "Bùi Thị Mai", "street": "Xóm Mớ Đá",
    "commune_code": "04978", "phone": "0987654321", "email": "homestay@example.vn", "bank_bin": "970405", "bank_account": "3005215009876", "bank_holder": "BUI THI MAI"}))]
pub struct PartnerInput {
    /// As guests know it.
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub legal_name: String,
    #[garde(custom(right_tax_code))]
    #[schema(pattern = r"^(\d{10}|\d{12}|\d{13}|\d{10}-\d{3})$")]
    pub tax_code: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub representative: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub street: String,
    /// Today's code.
    #[garde(length(max = 10))]
    #[schema(max_length = 10)]
    pub commune_code: String,
    #[garde(length(max = 30))]
    #[schema(max_length = 30)]
    pub phone: String,
    #[garde(length(max = 254))]
    #[schema(max_length = 254)]
    pub email: String,
    /// NAPAS bank identification number.
    #[garde(custom(six_digits))]
    #[schema(pattern = r"^\d{6}$")]
    pub bank_bin: String,
    #[garde(custom(account_number))]
    #[schema(pattern = "^[0-9A-Za-z]{6,19}$")]
    pub bank_account: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub bank_holder: String,
}

impl PartnerInput {
    fn normalised(mut self) -> Result<Self, Problem> {
        check_commune("/commune_code", &self.commune_code)?;
        self.phone = phone(&self.phone).ok_or_else(|| {
            Problem::field("/phone", "phone", "số điện thoại không hợp lệ", "not a valid phone number")
        })?;
        match Contact::parse(&self.email) {
            Some(Contact::Email(email)) => self.email = email,
            _ => return Err(Problem::field("/email", "email", "e-mail không hợp lệ", "not a valid e-mail address")),
        }
        for (pointer, text) in [
            ("/name", &mut self.name),
            ("/legal_name", &mut self.legal_name),
            ("/representative", &mut self.representative),
            ("/street", &mut self.street),
            ("/bank_holder", &mut self.bank_holder),
        ] {
            *text = fold::stored(text);
            if text.is_empty() || text.contains('\0') {
                return Err(Problem::field(pointer, "missing", "không được để trống", "must not be blank"));
            }
        }
        Ok(self)
    }

    fn fill(self, row: &mut partner::ActiveModel, now: OffsetDateTime) {
        row.name = Set(self.name);
        row.legal_name = Set(self.legal_name);
        row.tax_code = Set(self.tax_code);
        row.representative = Set(self.representative);
        row.street = Set(self.street);
        row.commune_code = Set(self.commune_code);
        row.phone = Set(self.phone);
        row.email = Set(self.email);
        row.bank_bin = Set(self.bank_bin);
        row.bank_account = Set(self.bank_account.into());
        row.bank_holder = Set(self.bank_holder);
        row.updated_at = Set(now);
    }
}

/// A partner as its own people, and the platform's, see it.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Partner)]
pub struct PartnerView {
    pub id: PartnerId,
    pub state: PartnerState,
    pub name: String,
    pub legal_name: String,
    pub tax_code: String,
    pub representative: String,
    pub street: String,
    pub commune_code: String,
    pub phone: String,
    pub email: String,
    pub bank_bin: String,
    /// The last digits.
    pub bank_account: String,
    pub bank_holder: String,
    #[schema(required = true)]
    pub decision_note: Option<String>,
    pub destinations: Vec<DestinationId>,
}

pub async fn view(connection: &impl ConnectionTrait, row: partner::Model) -> Result<PartnerView, DbErr> {
    let at = partner_destination::Entity::find().filter(partner_destination::Column::PartnerId.eq(row.id));
    let destinations = at.all(connection).await?.into_iter().map(|row| row.destination_id).collect();
    let digits: Vec<char> = row.bank_account.chars().collect();
    let shown: String = digits[digits.len().saturating_sub(4)..].iter().collect();
    Ok(PartnerView {
        id: row.id,
        state: row.state,
        name: row.name,
        legal_name: row.legal_name,
        tax_code: row.tax_code,
        representative: row.representative,
        street: row.street,
        commune_code: row.commune_code,
        phone: row.phone,
        email: row.email,
        bank_bin: row.bank_bin,
        bank_account: format!("…{shown}"),
        bank_holder: row.bank_holder,
        decision_note: row.decision_note,
        destinations,
    })
}

async fn find(connection: &impl ConnectionTrait, id: PartnerId) -> Result<partner::Model, Problem> {
    by_id::<partner::Entity>(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Signs a partner up; somebody of the platform decides.
pub async fn sign_up(desk: &Desk, input: PartnerInput) -> Result<PartnerView, Problem> {
    let input = input.normalised()?;
    if partnerships(desk.db.fresh(), desk.who.account).await?.len() >= 10 {
        return Err(Problem::new(&PARTNERS_FULL));
    }
    let (id, now) = (PartnerId::new(), desk.now());
    let mut row = partner::ActiveModel {
        id: Set(id),
        state: Set(PartnerState::Submitted),
        decision_note: Set(None),
        decided_by: Set(None),
        decided_at: Set(None),
        created_at: Set(now),
        ..Default::default()
    };
    input.fill(&mut row, now);
    let transaction = desk.begin().await?;
    let row = row.insert(&transaction).await?;
    join(&transaction, id, desk.who.account, PartnerRole::Owner, now).await?;
    desk.audit(&transaction, "partner.signed_up", ("partner", id.0), (), json!({"name": row.name})).await?;
    emit(&transaction, "partner.submitted", id.0, json!({}), now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(view(desk.db.fresh(), row).await?)
}

/// Sign a homestay or tour site up as a partner.
#[utoipa::path(tag = "partner", operation_id = "sign_up_partner", security(("access_token" = [])), request_body = PartnerInput, responses((status = 201, description = "The partner, waiting for a decision", body = PartnerView)))]
#[post("/v1/partners")]
pub async fn create_partner(desk: Desk, body: Body<PartnerInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(sign_up(&desk, body.0).await?))
}

/// Partners the caller works for.
#[utoipa::path(tag = "partner", operation_id = "list_own_partners", security(("access_token" = [])), responses((status = 200, description = "The partners", body = Partnerships)))]
#[get("/v1/partners")]
pub async fn list_own(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(partnerships_of(&desk).await?))
}

/// The partner.
#[utoipa::path(tag = "partner", operation_id = "show_partner_profile", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The partner", body = PartnerView)))]
#[get("/v1/partner/{partner_id}/profile")]
pub async fn show_profile(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ProfileRead).await?;
    let row = find(desk.db.fresh(), desk.partner).await?;
    Ok(HttpResponse::Ok().json(view(desk.db.fresh(), row).await?))
}

/// Changes the facts. Who was rejected is decided on again; where money goes changes are told to all owners.
pub async fn change_profile(desk: &PartnerDesk, input: PartnerInput) -> Result<PartnerView, Problem> {
    desk.owner().await?;
    let input = input.normalised()?;
    let before = find(desk.db.fresh(), desk.partner).await?;
    let (was, now) = (view(desk.db.fresh(), before.clone()).await?, desk.now());
    let again = before.state == PartnerState::Rejected;
    let money_moves = *before.bank_account != *input.bank_account || before.bank_bin != input.bank_bin;
    if money_moves {
        desk.who.require_strong()?;
    }
    let mut row = before.into_active_model();
    input.fill(&mut row, now);
    if again {
        row.state = Set(PartnerState::Submitted);
    }
    let transaction = desk.begin().await?;
    let row = row.update(&transaction).await?;
    let is = view(&transaction, row).await?;
    desk.audit(&transaction, "partner.changed", ("partner", desk.partner.0), was, &is).await?;
    if money_moves {
        emit(&transaction, "partner.bank_changed", desk.partner.0, json!({}), now).await?;
    }
    changed(&transaction, desk.partner.0, now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(is)
}

/// Change the partner's facts and where its commission is paid to.
#[utoipa::path(tag = "partner", operation_id = "update_partner_profile", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), request_body = PartnerInput, responses((status = 200, description = "The partner", body = PartnerView)))]
#[put("/v1/partner/{partner_id}/profile")]
pub async fn update_profile(
    desk: PartnerDesk,
    guide: Data<Guide>,
    body: Body<PartnerInput>,
) -> Result<HttpResponse, Problem> {
    let partner = change_profile(&desk, body.0).await?;
    guide.refresh().await?;
    Ok(HttpResponse::Ok().json(partner))
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PartnerPlaces {
    #[garde(length(max = 20))]
    #[schema(max_items = 20)]
    pub destinations: Vec<DestinationId>,
}

pub async fn set_places(desk: &PartnerDesk, input: &PartnerPlaces) -> Result<PartnerView, Problem> {
    desk.owner().await?;
    for (index, id) in input.destinations.iter().enumerate() {
        if !destinations::exists(desk.db.fresh(), *id).await? || input.destinations[..index].contains(id) {
            let (vi, en) = ("không có điểm đến này, hoặc đã có trong danh sách", "there is none, or it stands twice");
            return Err(Problem::field(format!("/destinations/{index}"), "destination", vi, en));
        }
    }
    let transaction = desk.begin().await?;
    run(&transaction, "DELETE FROM partner_destination WHERE partner_id = $1", [desk.partner.into()]).await?;
    for id in &input.destinations {
        let row = partner_destination::ActiveModel { partner_id: Set(desk.partner), destination_id: Set(*id) };
        partner_destination::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    desk.audit(&transaction, "partner.places_changed", ("partner", desk.partner.0), (), input).await?;
    changed(&transaction, desk.partner.0, desk.now()).await?;
    transaction.commit().await?;
    let row = find(desk.db.fresh(), desk.partner).await?;
    Ok(view(desk.db.fresh(), row).await?)
}

/// Say at which destinations the partner is.
#[utoipa::path(tag = "partner", operation_id = "set_partner_destinations", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), request_body = PartnerPlaces, responses((status = 200, description = "The partner", body = PartnerView)))]
#[put("/v1/partner/{partner_id}/destinations")]
pub async fn set_destinations(
    desk: PartnerDesk,
    guide: Data<Guide>,
    body: Body<PartnerPlaces>,
) -> Result<HttpResponse, Problem> {
    let partner = set_places(&desk, &body.0).await?;
    guide.refresh().await?;
    Ok(HttpResponse::Ok().json(partner))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct PartnerQuery {
    #[param(inline)]
    state: Option<PartnerState>,
    /// Items on a page, 20 unless told.
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Partners, newest first.
pub async fn all_partners(desk: &Desk, query: PartnerQuery) -> Result<Page<PartnerView>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let paging = Paging { limit: query.limit, cursor: query.cursor };
    let state = query.state.map(PartnerState::as_str);
    let page = NewestFirst::every::<entity::partner::Entity>(paging.place())?.and_if("state = ?", state);
    let page = page.page(desk.db.fresh(), |row: &partner::Model| row.id).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        items.push(view(desk.db.fresh(), row).await?);
    }
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// Partners, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_partners", security(("access_token" = [])), params(PartnerQuery), responses((status = 200, description = "A page of partners", body = Page<PartnerView>)))]
#[get("/v1/admin/partners")]
pub async fn list_partners(desk: Desk, query: Params<PartnerQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_partners(&desk, query.0).await?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerDecision {
    /// Also after a suspension.
    Approve,
    Reject,
    /// Nothing of it is shown, and it earns nothing, until it is approved again.
    Suspend,
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"decision": "approve"}))]
pub struct PartnerDecisionInput {
    decision: PartnerDecision,
    /// Told to the partner.
    #[garde(inner(length(chars, min = 1, max = 1000)))]
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
}

/// Approve, reject or suspend a partner.
pub async fn judge_partner(
    desk: &Desk,
    guide: &Guide,
    id: PartnerId,
    input: PartnerDecisionInput,
) -> Result<PartnerView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let before = find(desk.db.fresh(), id).await?;
    let (from, to) = match input.decision {
        PartnerDecision::Approve => ("('submitted', 'suspended')", PartnerState::Approved),
        PartnerDecision::Reject => ("('submitted')", PartnerState::Rejected),
        PartnerDecision::Suspend => ("('approved')", PartnerState::Suspended),
    };
    let now = desk.now();
    let transaction = desk.begin().await?;
    let moved = run(
        &transaction,
        format!("UPDATE partner SET state = $2, decision_note = $3, decided_by = $4, decided_at = $5, updated_at = $5 WHERE id = $1 AND state IN {from}"),
        [id.into(), to.as_str().into(), input.note.clone().into(), desk.who.account.into(), now.into()],
    )
    .await?;
    if moved != 1 {
        return Err(Problem::new(&PARTNER_STATE).extension("state", before.state));
    }
    desk.audit(&transaction, "partner.decided", ("partner", id.0), json!({"state": before.state}), &input).await?;
    emit(&transaction, &format!("partner.{}", to.as_str()), id.0, json!({"note": input.note}), now).await?;
    changed(&transaction, id.0, now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    guide.refresh().await?;
    let row = find(desk.db.fresh(), id).await?;
    Ok(view(desk.db.fresh(), row).await?)
}

/// Approve, reject or suspend a partner.
#[utoipa::path(tag = "admin", operation_id = "decide_partner", security(("access_token" = [])), params(("id" = PartnerId, Path)), request_body = PartnerDecisionInput, responses((status = 200, description = "The partner", body = PartnerView)))]
#[post("/v1/admin/partners/{id}/decision")]
pub async fn decide_partner(
    desk: Desk,
    guide: Data<Guide>,
    id: Path<PartnerId>,
    body: Body<PartnerDecisionInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge_partner(&desk, &guide, *id, body.0).await?))
}
