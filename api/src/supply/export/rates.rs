//! What currencies are worth in đồng, day by day: typed, or imported from the State Bank's table; and changing foreign money at the bank.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use entity::exchange_rate;
use entity::value::{Currency, PlatformRole, RowId};
use garde::Validate;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryOrder, QuerySelect, sea_query::OnConflict};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::table::{self, RateInput};
use crate::ledger::{self, exchange, rules::Journal};
use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::db::one;
use crate::platform::fold;
use crate::platform::pagination::Page;
use crate::platform::problem::{Problem, codes};
use crate::platform::upload;

codes! {
    RATE_MISSING = "rate_missing" 409 "Chưa có tỷ giá của đồng tiền này." "There is no rate of this currency yet.";
    CHANGE_KNOWN = "money_change_known" 409 "Chứng từ đổi tiền này đã được ghi." "This change was written down already.";
    TOO_LITTLE_HELD = "too_little_held" 409 "Không giữ nhiều ngoại tệ như vậy." "There is not so much of the currency.";
}

/// Bytes of a table of rates.
const MAX_BYTES: usize = 2 * 1024 * 1024;

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{"currency": "USD", "day": "2026-11-29", "rate_e4": 254_125_000, "source": "Ngân hàng Nhà nước, tỷ giá trung tâm"}]}))]
pub struct RatesInput {
    #[garde(length(min = 1, max = 1_000), dive)]
    #[schema(min_items = 1, max_items = 1_000)]
    pub items: Vec<RateInput>,
}

/// The latest rate of a currency that had begun on a day.
pub async fn rate_on(connection: &impl ConnectionTrait, currency: Currency, day: Date) -> Result<(i64, Date), Problem> {
    if currency == Currency::Vnd {
        return Ok((10_000, day));
    }
    let sql = "SELECT * FROM exchange_rate WHERE currency = $1 AND day <= $2 ORDER BY day DESC LIMIT 1";
    let row = one::<exchange_rate::Model>(connection, sql, [currency.as_str().into(), day.into()]).await?;
    row.map(|row| (row.rate_e4, row.day)).ok_or_else(|| Problem::new(&RATE_MISSING))
}

/// Rates, the latest first.
pub async fn latest(desk: &Desk) -> Result<Vec<RateInput>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let rows = exchange_rate::Entity::find()
        .order_by_desc(exchange_rate::Column::Day)
        .order_by_asc(exchange_rate::Column::Currency)
        .limit(200)
        .all(desk.db.fresh())
        .await?;
    let view = |row: exchange_rate::Model| RateInput {
        currency: row.currency,
        day: row.day,
        rate_e4: row.rate_e4,
        source: row.source,
    };
    let items: Vec<RateInput> = rows.into_iter().map(view).collect();
    Ok(items)
}

/// Rates, the latest first.
#[utoipa::path(tag = "admin", operation_id = "list_exchange_rates", security(("access_token" = [])), responses((status = 200, description = "The latest 200 rates", body = Page<RateInput>)))]
#[get("/v1/admin/exchange-rates")]
pub async fn list_exchange_rates(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Page { items: latest(&desk).await?, next_cursor: None }))
}

/// Enter rates, one or a whole table; a rate of a day that is there is written over. Papers that are out keep theirs.
#[utoipa::path(tag = "admin", operation_id = "put_exchange_rates", security(("access_token" = [])), request_body = RatesInput, responses((status = 204, description = "Written down")))]
#[put("/v1/admin/exchange-rates")]
pub async fn put_exchange_rates(desk: Desk, body: Body<RatesInput>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let items = &body.0.items;
    for (index, item) in items.iter().enumerate() {
        let twice = items[..index].iter().any(|other| (other.currency, other.day) == (item.currency, item.day));
        if item.currency == Currency::Vnd || twice {
            let (vi, en) = ("đồng tiền này đã có ở trên, hoặc là đồng", "stands above already, or is the đồng");
            return Err(Problem::field(format!("/items/{index}/currency"), "value", vi, en));
        }
    }
    write(&desk, items).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Writes rates; those of a day that are there already are written over.
pub async fn write(desk: &Desk, items: &[RateInput]) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let rows = items.iter().map(|item| exchange_rate::ActiveModel {
        currency: Set(item.currency),
        day: Set(item.day),
        rate_e4: Set(item.rate_e4),
        source: Set(fold::stored(&item.source)),
        entered_by: Set(desk.who.account),
        entered_at: Set(desk.now()),
    });
    let over = OnConflict::columns([exchange_rate::Column::Currency, exchange_rate::Column::Day])
        .update_columns([
            exchange_rate::Column::RateE4,
            exchange_rate::Column::Source,
            exchange_rate::Column::EnteredBy,
            exchange_rate::Column::EnteredAt,
        ])
        .to_owned();
    let transaction = desk.begin().await?;
    exchange_rate::Entity::insert_many(rows).on_conflict(over).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "exchange_rates.entered", ("exchange_rate", RowId::new().0), (), json!({"items": items}))
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Bring in a table of rates: XLSX or CSV with the columns Ngoại tệ, Ngày, Tỷ giá, Nguồn (or currency, day, rate, source), rates as people
/// write them. All of it, or nothing; what is wrong is told by line.
#[utoipa::path(tag = "admin", operation_id = "import_exchange_rates", security(("access_token" = [])), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, description = "The rates as they were read", body = Page<RateInput>)))]
#[post("/v1/admin/exchange-rates/import")]
pub async fn import_exchange_rates(
    desk: Desk,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let items = tokio::task::spawn_blocking(move || table::rates(&upload.bytes)).await.map_err(Problem::internal)??;
    write(&desk, &items).await?;
    Ok(HttpResponse::Created().json(Page { items, next_cursor: None }))
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"currency": "USD", "amount": 100_000, "dong": 25_600_000, "reference": "FX26333001"}))]
pub struct MoneyChange {
    pub currency: Currency,
    /// Minor units.
    #[garde(range(min = 1, max = 1_000_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub amount: i64,
    /// Đồng the bank gave for it.
    #[garde(range(min = 1, max = 1_000_000_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    pub dong: i64,
    /// The bank's: the same change counts once.
    #[garde(length(chars, min = 3, max = 60))]
    #[schema(min_length = 3, max_length = 60)]
    pub reference: String,
}

#[derive(FromQueryResult)]
struct Known {
    times: i64,
}

/// Write down that foreign money was changed at the bank; what it brought more or less than it was taken for is an exchange difference.
#[utoipa::path(tag = "admin", operation_id = "change_foreign_money", security(("access_token" = [])), request_body = MoneyChange, responses((status = 204, description = "Written down")))]
#[post("/v1/admin/exchange-rates/changes")]
pub async fn change_foreign_money(desk: Desk, body: Body<MoneyChange>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let input = body.0;
    if input.currency == Currency::Vnd {
        return Err(Problem::field("/currency", "value", "không phải ngoại tệ", "is no foreign currency"));
    }
    let transaction = desk.begin().await?;
    let position = exchange::position(&transaction, input.currency).await?;
    let key = format!("changed:{}", fold::stored(&input.reference));
    let sql = "SELECT COUNT(*) AS times FROM journal WHERE key = $1";
    if one::<Known>(&transaction, sql, [key.clone().into()]).await?.is_some_and(|row| row.times > 0) {
        return Err(Problem::new(&CHANGE_KNOWN));
    }
    if position.foreign < input.amount {
        return Err(Problem::new(&TOO_LITTLE_HELD).extension("held", position.foreign));
    }
    let id = RowId::new();
    let journal = Journal {
        key,
        kind: "changed",
        subject: id.0,
        note: Some(input.reference.clone()),
        actor: Some(desk.who.account),
        entries: exchange::changed(input.currency, input.amount, input.dong, position),
    };
    ledger::post(&transaction, vec![journal], desk.now()).await?;
    desk.audit(&transaction, "foreign_money.changed", ("journal", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
