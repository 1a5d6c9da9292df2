//! Where a basket comes from: a partner's click, or a guest who signs in.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, put};
use entity::value::{AccountId, CartId, CartState, ClickKind};
use futures_util::future::BoxFuture;
use garde::Validate;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::carts::{CART_CLOSED, Cart, add, changed, may_use, own_cart};
use super::known::Known;
use super::rules::quantity_fits;
use super::store::{LineRow, came_by, cart, cart_lines, open_cart_of};
use crate::config::Config;
use crate::orders::attribution::{self, NewClick, Signer};
use crate::people::identity::{Caller, GuestCart, OnSignIn};
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, run};
use crate::platform::problem::Problem;
use crate::platform::secrets;

/// Through whom the buyer came: a click's token, or a code read off a poster.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "KIMBOI7Q"}))]
pub struct Attribution {
    /// What a partner's link brought along (`via`).
    #[garde(inner(length(min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    click: Option<String>,
    /// A partner's code.
    #[garde(inner(length(min = 1, max = 30)))]
    #[schema(min_length = 1, max_length = 30)]
    code: Option<String>,
}

/// Whether the basket took the click or code; one that is not good changes nothing.
pub async fn attribute(
    (db, signer, days): (&Db, &Signer, u32),
    cart: CartId,
    click: Option<&str>,
    code: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    if let Some(token) = click {
        let wrong = || {
            let (vi, en) = ("liên kết giới thiệu không hợp lệ hoặc đã hết hạn", "the click is not ours or has run out");
            Problem::field("/click", "click", vi, en)
        };
        let click = signer.read_click(token, now).ok_or_else(wrong)?;
        came_by(db.write(), cart, click).await?;
    }
    if let Some(code) = code {
        let code = secrets::normalise_code(code);
        let wrong = || Problem::field("/code", "code", "không có mã giới thiệu này", "there is no such code");
        let (feed, partner) = attribution::resolve_code(db.fresh(), &code).await?.ok_or_else(wrong)?;
        if attribution::has_code(db.fresh(), cart, feed, now).await? {
            return Ok(());
        }
        let kind = ClickKind::Code;
        let new = NewClick { partner, feed, product: None, page: String::new(), kind, counted: true };
        let transaction = db.begin().await?;
        let (click, _) = attribution::mint(&transaction, new, days, now).await?;
        came_by(&transaction, cart, click).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Say through whom the buyer came. The last click or code wins; the partner earns a commission, which the answer discloses.
#[utoipa::path(tag = "carts", operation_id = "attribute_cart", security((), ("access_token" = [])), params(("id" = CartId, Path), ("X-Cart-Token" = Option<String>, Header)), request_body = Attribution, responses((status = 200, description = "The basket", body = Cart)))]
#[put("/v1/carts/{id}/attribution")]
#[allow(clippy::too_many_arguments, reason = "extractors")]
pub async fn attribute_cart(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    signer: Data<Signer>,
    known: Data<Known>,
    config: Data<Config>,
    caller: Caller,
    id: Path<CartId>,
    body: Body<Attribution>,
) -> Result<HttpResponse, Problem> {
    let row = own_cart(db.fresh(), &request, &caller, *id).await?;
    if row.state != CartState::Open {
        return Err(Problem::new(&CART_CLOSED));
    }
    let tools = (db.get_ref(), signer.get_ref(), config.terms().attribution_days);
    attribute(tools, row.id, body.0.click.as_deref(), body.0.code.as_deref(), clock.now()).await?;
    changed(&db, &known, row.id, clock.now()).await
}

/// A guest's basket becomes part of the account's when its owner signs in.
pub struct MergeOnSignIn {
    pub db: Db,
    pub clock: Clock,
}

impl OnSignIn for MergeOnSignIn {
    fn signed_in<'a>(
        &'a self,
        account: AccountId,
        guest_cart: &'a GuestCart,
    ) -> BoxFuture<'a, Result<Option<CartId>, Problem>> {
        Box::pin(async move {
            match self.merge(account, guest_cart).await {
                Ok(cart) => Ok(cart),
                // A basket that cannot be merged must not keep anybody from signing in.
                Err(problem) if problem.code.status < 500 => {
                    tracing::info!(%problem, "the guest's basket was not merged");
                    Ok(open_cart_of(self.db.fresh(), account).await?.map(|row| row.id))
                }
                Err(problem) => Err(problem),
            }
        })
    }
}

impl MergeOnSignIn {
    async fn merge(&self, account: AccountId, guest: &GuestCart) -> Result<Option<CartId>, Problem> {
        let now = self.clock.now();
        let own = open_cart_of(self.db.fresh(), account).await?;
        let row = cart(self.db.fresh(), guest.id).await?;
        let Some(row) = row.filter(|row| row.account_id.is_none() && may_use(row, None, Some(&guest.token))) else {
            return Ok(own.map(|row| row.id));
        };
        let transaction = self.db.begin().await?;
        let Some(own) = own else {
            // The basket simply changes hands; its token opens it no longer.
            let sql =
                "UPDATE cart SET account_id = $2, token_hash = NULL, updated_at = $3 WHERE id = $1 AND state = 'open'";
            let moved = run(&transaction, sql, [row.id.into(), account.into(), now.into()]).await?;
            transaction.commit().await?;
            return Ok((moved == 1).then_some(row.id));
        };
        let sql = "UPDATE cart SET state = 'merged', updated_at = $2 WHERE id = $1 AND state = 'open'";
        if run(&transaction, sql, [row.id.into(), now.into()]).await? == 1 {
            let lines = cart_lines(&transaction, row.id, self.clock.today()).await?;
            let held = cart_lines(&transaction, own.id, self.clock.today()).await?;
            let room = |line: &LineRow| {
                let before = held.iter().find(|l| l.offer_id == line.offer_id).map_or(0, |l| l.quantity);
                line.on_sale && quantity_fits(before + line.quantity, line.min_quantity, line.step_quantity)
            };
            let sums: Vec<_> = lines
                .iter()
                .filter(|line| room(line))
                .map(|line| (line.offer_id, line.quantity, line.preorder))
                .collect();
            add(&transaction, own.id, &sums, now).await?;
            if let Some(click) = row.click_id {
                came_by(&transaction, own.id, click).await?;
            }
        }
        transaction.commit().await?;
        Ok(Some(own.id))
    }
}
