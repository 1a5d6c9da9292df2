//! `/v1/carts`: baskets of guests and buyers.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use entity::cart;
use entity::value::{AccountId, CartId, CartLineId, CartState, Money, OfferId, ProductId, Vnd};
use garde::Validate;
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::known::{Basket, Known};
use super::new_basket::{self, open_row};
use super::rules::{Change, MAX_LINES, MAX_QUANTITY, line_fault, quantity_fits};
use super::store::{CartRow, LineRow, OfferStanding, cart, cart_lines, offers, open_cart_of};
use super::sums::{Sum, not_on_sale, wrong_quantity};
use crate::orders::attribution::{self};
use crate::people::identity::Caller;
use crate::platform::body::Body;
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::{Db, is_duplicate, placeholders, run};
use crate::platform::problem::{CONFLICT, NOT_FOUND, Problem, codes};
use crate::platform::secrets;
use crate::shop::catalogue::view::{Bilingual, CooperativeRef};

codes! {
    CART_CLOSED = "cart_closed" 409 "Giỏ hàng này đã đặt hàng xong." "This basket has been ordered already.";
    CART_FULL = "cart_full" 409 "Giỏ hàng đã đầy (100 dòng)." "The basket is full (100 lines).";
}

/// One offer and how much of it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Item {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 9999)]
    pub quantity: i64,
    /// Order before the harvest, from an open forecast.
    #[serde(default)]
    pub preorder: bool,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// The same offer twice counts as one line.
    #[garde(length(max = MAX_LINES), dive)]
    #[serde(default)]
    #[schema(max_items = 100)]
    items: Vec<Item>,
}

#[derive(Serialize, ToSchema)]
pub struct CartLine {
    id: CartLineId,
    offer_id: OfferId,
    product_id: ProductId,
    product_slug: String,
    name: Bilingual,
    pack: Bilingual,
    pub cooperative: CooperativeRef,
    pub quantity: i64,
    /// At the price this quantity has.
    unit_price: Money,
    total: Money,
    /// Comes with the next harvest.
    preorder: bool,
    /// Why it cannot be bought as it is.
    #[schema(required = true)]
    issue: Option<Change>,
}

#[derive(Serialize, ToSchema)]
pub struct Cart {
    pub id: CartId,
    state: CartState,
    /// Grows with every change.
    version: i64,
    pub lines: Vec<CartLine>,
    /// At today's prices, without delivery.
    pub goods: Money,
    /// Who brought the buyer, and earns by it.
    #[schema(required = true)]
    pub partner: Option<CartPartner>,
}

/// A partner through which a basket came; buyers are told that it earns.
#[derive(Serialize, ToSchema)]
pub struct CartPartner {
    pub name: String,
    pub disclosure: Bilingual,
}

/// A basket just made.
#[derive(Serialize, ToSchema)]
pub struct CreatedCart {
    #[serde(flatten)]
    cart: Cart,
    /// A guest's key to the basket, sent as `X-Cart-Token`; none for who is signed in.
    #[schema(required = true)]
    token: Option<String>,
}

fn overflow() -> Problem {
    Problem::field("", "amount", "số tiền quá lớn", "the amount is too large")
}

pub async fn view(connection: &impl ConnectionTrait, basket: Basket, now: OffsetDateTime) -> Result<Cart, Problem> {
    let row = basket.row;
    let mut goods = Vnd::ZERO;
    let mut lines = Vec::with_capacity(basket.lines.len());
    for line in basket.lines {
        let total = line.price_amount.times(line.quantity).ok_or_else(overflow)?;
        goods = goods.plus(total).ok_or_else(overflow)?;
        let issue = line_fault(line.offer_id, line.quantity, &line.standing());
        lines.push(line_view(line, total, issue));
    }
    let partner = match row.click_id {
        Some(click) => attribution::partner_of_click(connection, click, now).await?,
        None => None,
    };
    let partner = partner.map(|name| CartPartner { disclosure: attribution::disclosure(&name), name });
    Ok(Cart { id: row.id, state: row.state, version: row.version, lines, goods: goods.into(), partner })
}

fn line_view(line: LineRow, total: Vnd, issue: Option<Change>) -> CartLine {
    CartLine {
        id: line.id,
        offer_id: line.offer_id,
        product_id: line.product_id,
        product_slug: line.product_slug,
        name: Bilingual { vi: line.name_vi, en: line.name_en },
        pack: Bilingual { vi: line.pack_vi, en: line.pack_en },
        cooperative: CooperativeRef {
            id: line.cooperative_id,
            slug: line.cooperative_slug,
            name: Bilingual { vi: line.cooperative_vi, en: line.cooperative_en },
        },
        quantity: line.quantity,
        unit_price: line.price_amount.into(),
        total: total.into(),
        preorder: line.preorder,
        issue,
    }
}

fn shown_token(request: &HttpRequest) -> Option<&str> {
    request.headers().get("x-cart-token")?.to_str().ok()
}

/// The basket, if it is the caller's: by account, or by the token a guest was given.
pub async fn own_cart(
    connection: &impl ConnectionTrait,
    request: &HttpRequest,
    caller: &Caller,
    id: CartId,
) -> Result<CartRow, Problem> {
    let row = cart(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if is_own(&row, request, caller) { Ok(row) } else { Err(Problem::new(&NOT_FOUND)) }
}

/// The same with its lines.
pub async fn own_basket(
    (db, known): (&Db, &Known),
    request: &HttpRequest,
    caller: &Caller,
    id: CartId,
    today: Date,
) -> Result<Basket, Problem> {
    let basket = known.basket(db.fresh(), id, today).await?;
    basket.filter(|basket| is_own(&basket.row, request, caller)).ok_or_else(|| Problem::new(&NOT_FOUND))
}

pub(super) fn is_own(row: &CartRow, request: &HttpRequest, caller: &Caller) -> bool {
    may_use(row, caller.account(), shown_token(request))
}

pub(super) fn may_use(row: &CartRow, account: Option<AccountId>, token: Option<&str>) -> bool {
    match (&row.account_id, &row.token_hash) {
        (Some(owner), _) => account.as_ref() == Some(owner),
        (None, Some(hash)) => token.is_some_and(|token| secrets::same(&secrets::hash(token), hash)),
        (None, None) => false,
    }
}

/// Lines of the same offer taken together, in the order of their ids.
fn merged(items: &[Item]) -> Vec<Sum> {
    let mut sums = std::collections::BTreeMap::new();
    for item in items {
        let sum = sums.entry(item.offer_id).or_insert((0_i64, false));
        *sum = (sum.0 + item.quantity, item.preorder);
    }
    sums.into_iter().map(|(offer, (quantity, preorder))| (offer, quantity, preorder)).collect()
}

/// Refuses offers that are not on sale and quantities that cannot be bought; `sums` are quantities as they would stand.
async fn check(connection: &impl ConnectionTrait, sums: &[Sum], pointer: &str, today: Date) -> Result<(), Problem> {
    let ids: Vec<_> = sums.iter().map(|(offer, ..)| *offer).collect();
    let found = offers(connection, &ids, today).await?;
    for (offer, quantity, preorder) in sums {
        let offered = |row: &OfferStanding| if *preorder { row.preorders_left.is_some() } else { row.on_sale };
        let Some(row) = found.iter().find(|row| row.id == *offer && offered(row)) else {
            return Err(not_on_sale(pointer));
        };
        if !quantity_fits(*quantity, row.min_quantity, row.step_quantity) {
            return Err(wrong_quantity(pointer, row.min_quantity, row.step_quantity));
        }
    }
    Ok(())
}

/// Adds to the lines of an open basket and counts its version up.
pub(super) async fn add(
    transaction: &impl ConnectionTrait,
    cart: CartId,
    sums: &[Sum],
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let today = now.to_offset(VIETNAM).date();
    touch(transaction, cart, now).await?;
    if sums.is_empty() {
        return Ok(());
    }
    let mut values = Vec::new();
    for (offer, quantity, preorder) in sums {
        let row = [
            CartLineId::new().into(),
            cart.into(),
            (*offer).into(),
            (*quantity).into(),
            (*preorder).into(),
            now.into(),
        ];
        values.extend::<[sea_orm::Value; 6]>(row);
    }
    run(
        transaction,
        format!(
            "INSERT INTO cart_line (id, cart_id, offer_id, quantity, preorder, added_at) VALUES {}
             ON CONFLICT (cart_id, offer_id) DO UPDATE SET quantity = cart_line.quantity + excluded.quantity, preorder = excluded.preorder",
            placeholders(1, sums.len(), 6)
        ),
        values,
    )
    .await?;
    let lines = cart_lines(transaction, cart, today).await?;
    if lines.len() > MAX_LINES {
        return Err(Problem::new(&CART_FULL));
    }
    let touched = lines.iter().filter(|line| sums.iter().any(|(offer, ..)| *offer == line.offer_id));
    let standing: Vec<_> = touched.map(|line| (line.offer_id, line.quantity, line.preorder)).collect();
    check(transaction, &standing, "", today).await
}

/// Puts more of an offer into a basket.
pub async fn put(db: &Db, cart: CartId, item: Item, now: OffsetDateTime) -> Result<(), Problem> {
    let transaction = db.begin().await?;
    add(&transaction, cart, &merged(&[item]), now).await?;
    transaction.commit().await?;
    Ok(())
}

/// Sets how much of a line there is; none takes it out.
pub async fn set_quantity(
    db: &Db,
    cart: CartId,
    line: CartLineId,
    quantity: i64,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let today = now.to_offset(VIETNAM).date();
    let lines = cart_lines(db.fresh(), cart, today).await?;
    let line = lines.iter().find(|row| row.id == line).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if quantity > 0 {
        check(db.fresh(), &[(line.offer_id, quantity, line.preorder)], "", today).await?;
    }
    let transaction = db.begin().await?;
    touch(&transaction, cart, now).await?;
    let (sql, mut values) = match quantity {
        0 => ("DELETE FROM cart_line WHERE id = $1 AND cart_id = $2", vec![line.id.into(), cart.into()]),
        _ => ("UPDATE cart_line SET quantity = $3 WHERE id = $1 AND cart_id = $2", vec![line.id.into(), cart.into()]),
    };
    if quantity > 0 {
        values.push(quantity.into());
    }
    run(&transaction, sql, values).await?;
    transaction.commit().await?;
    Ok(())
}

/// Counts the version of an open basket up; refused once it is ordered.
async fn touch(transaction: &impl ConnectionTrait, cart: CartId, now: OffsetDateTime) -> Result<(), Problem> {
    let sql = "UPDATE cart SET version = version + 1, updated_at = $2 WHERE id = $1 AND state = 'open'";
    match run(transaction, sql, [cart.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&CART_CLOSED)),
    }
}

/// Make a basket, with or without items. Who is signed in has one open basket: it is added to.
#[utoipa::path(tag = "carts", operation_id = "create_cart", security((), ("access_token" = [])), request_body = NewCart, responses((status = 201, description = "The basket", body = CreatedCart)))]
#[post("/v1/carts")]
pub async fn create(
    db: Data<Db>,
    known: Data<Known>,
    clock: Data<Clock>,
    caller: Caller,
    body: Body<NewCart>,
) -> Result<HttpResponse, Problem> {
    let sums = merged(&body.0.items);
    let from_stock = !sums.is_empty() && sums.iter().all(|(.., preorder)| !preorder);
    if from_stock && caller.account().is_none() {
        let (basket, token) = new_basket::create((&db, &known), &sums, clock.now()).await?;
        let cart = view(db.fresh(), basket, clock.now()).await?;
        return Ok(HttpResponse::Created().json(CreatedCart { cart, token: Some(token) }));
    }
    if !sums.is_empty() {
        check(db.fresh(), &sums, "/items", clock.today()).await?;
    }
    let now = clock.now();
    let existing = match caller.account() {
        Some(account) => open_cart_of(db.fresh(), account).await?,
        None => None,
    };
    let transaction = db.begin().await?;
    let (id, token) = match existing {
        Some(row) => (row.id, None),
        None => open(&transaction, caller.account(), now).await?,
    };
    add(&transaction, id, &sums, now).await?;
    transaction.commit().await?;
    let basket = known.basket(db.fresh(), id, clock.today()).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let cart = view(db.fresh(), basket, now).await?;
    Ok(HttpResponse::Created().json(CreatedCart { cart, token }))
}

pub(super) async fn open(
    transaction: &impl ConnectionTrait,
    account: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<(CartId, Option<String>), Problem> {
    let id = CartId::new();
    let token = account.is_none().then(secrets::token);
    let row = cart::ActiveModel { version: Set(0), ..open_row(id, account, token.as_deref(), now) };
    cart::Entity::insert(row).exec_without_returning(transaction).await.map_err(|error| {
        // The account opened one at the same moment.
        if is_duplicate(&error) { Problem::new(&CONFLICT).retry_after(0) } else { error.into() }
    })?;
    Ok((id, token))
}

/// A basket at today's prices and stock.
#[utoipa::path(tag = "carts", operation_id = "show_cart", security((), ("access_token" = [])), params(("id" = CartId, Path), ("X-Cart-Token" = Option<String>, Header)), responses((status = 200, description = "The basket", body = Cart)))]
#[get("/v1/carts/{id}")]
pub async fn show(
    request: HttpRequest,
    db: Data<Db>,
    known: Data<Known>,
    clock: Data<Clock>,
    caller: Caller,
    id: Path<CartId>,
) -> Result<HttpResponse, Problem> {
    let basket = own_basket((&db, &known), &request, &caller, *id, clock.today()).await?;
    Ok(HttpResponse::Ok().json(view(db.fresh(), basket, clock.now()).await?))
}

/// Put more of an offer into a basket.
#[utoipa::path(tag = "carts", operation_id = "add_cart_item", security((), ("access_token" = [])), params(("id" = CartId, Path), ("X-Cart-Token" = Option<String>, Header)), request_body = Item, responses((status = 200, description = "The basket", body = Cart)))]
#[post("/v1/carts/{id}/items")]
pub async fn add_item(
    request: HttpRequest,
    db: Data<Db>,
    known: Data<Known>,
    clock: Data<Clock>,
    caller: Caller,
    id: Path<CartId>,
    body: Body<Item>,
) -> Result<HttpResponse, Problem> {
    let row = own_cart(db.fresh(), &request, &caller, *id).await?;
    let sums = merged(&[body.0]);
    let found = offers(db.fresh(), &[body.0.offer_id], clock.today()).await?;
    if found.is_empty() {
        return Err(not_on_sale(""));
    }
    let transaction = db.begin().await?;
    add(&transaction, row.id, &sums, clock.now()).await?;
    transaction.commit().await?;
    changed(&db, &known, row.id, clock.now()).await
}

pub(super) async fn changed(db: &Db, known: &Known, id: CartId, now: OffsetDateTime) -> Result<HttpResponse, Problem> {
    let today = now.to_offset(VIETNAM).date();
    let basket = known.basket(db.fresh(), id, today).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(view(db.fresh(), basket, now).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ItemChange {
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 9999)]
    quantity: i64,
}

/// Set the quantity of a line.
#[utoipa::path(tag = "carts", operation_id = "change_cart_item", security((), ("access_token" = [])), params(("id" = CartId, Path), ("line_id" = CartLineId, Path), ("X-Cart-Token" = Option<String>, Header)), request_body = ItemChange, responses((status = 200, description = "The basket", body = Cart)))]
#[patch("/v1/carts/{id}/items/{line_id}")]
pub async fn change_item(
    request: HttpRequest,
    db: Data<Db>,
    known: Data<Known>,
    clock: Data<Clock>,
    caller: Caller,
    path: Path<(CartId, CartLineId)>,
    body: Body<ItemChange>,
) -> Result<HttpResponse, Problem> {
    let (id, line) = path.into_inner();
    let row = own_cart(db.fresh(), &request, &caller, id).await?;
    let lines = cart_lines(db.fresh(), id, clock.today()).await?;
    let line = lines.iter().find(|row| row.id == line).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    check(db.fresh(), &[(line.offer_id, body.0.quantity, line.preorder)], "", clock.today()).await?;
    let transaction = db.begin().await?;
    touch(&transaction, row.id, clock.now()).await?;
    let sql = "UPDATE cart_line SET quantity = $3 WHERE id = $1 AND cart_id = $2";
    run(&transaction, sql, [line.id.into(), id.into(), body.0.quantity.into()]).await?;
    transaction.commit().await?;
    changed(&db, &known, id, clock.now()).await
}

/// Take a line out.
#[utoipa::path(tag = "carts", operation_id = "remove_cart_item", security((), ("access_token" = [])), params(("id" = CartId, Path), ("line_id" = CartLineId, Path), ("X-Cart-Token" = Option<String>, Header)), responses((status = 200, description = "The basket", body = Cart)))]
#[delete("/v1/carts/{id}/items/{line_id}")]
pub async fn remove_item(
    request: HttpRequest,
    db: Data<Db>,
    known: Data<Known>,
    clock: Data<Clock>,
    caller: Caller,
    path: Path<(CartId, CartLineId)>,
) -> Result<HttpResponse, Problem> {
    let (id, line) = path.into_inner();
    let row = own_cart(db.fresh(), &request, &caller, id).await?;
    let transaction = db.begin().await?;
    touch(&transaction, row.id, clock.now()).await?;
    let sql = "DELETE FROM cart_line WHERE id = $1 AND cart_id = $2";
    if run(&transaction, sql, [line.into(), id.into()]).await? == 0 {
        return Err(Problem::new(&NOT_FOUND));
    }
    transaction.commit().await?;
    changed(&db, &known, id, clock.now()).await
}
