//! What `ocop demo` prints: where to look, who can sign in, and lines for a shell that buy a box of pomelos.

use entity::value::{CooperativeId, LotId, OfferId, ProductId};
use sea_orm::FromQueryResult;

use super::PASSWORD;
use super::data::BUYER;
use super::data::MAKERS;
use super::load::{ADMIN, PARTNER, owner_email};
use super::offices::OFFICER;
use crate::ocop::traceability::codes::Code;
use crate::platform::db::{Db, one};

#[derive(FromQueryResult)]
struct Sold {
    id: OfferId,
    cooperative_id: CooperativeId,
    product_id: ProductId,
}

async fn sold(db: &Db, sku: &str) -> anyhow::Result<Sold> {
    let row = one::<Sold>(db.fresh(), "SELECT id, cooperative_id, product_id FROM offer WHERE sku = $1", [sku.into()])
        .await?;
    row.ok_or_else(|| anyhow::anyhow!("this database holds something else than the demo: offer {sku} is missing"))
}

/// The whole text; the lines between the two marks can be pasted into a shell.
pub async fn tour(db: &Db, base_url: &str) -> anyhow::Result<String> {
    let (pomelo, honey) = (sold(db, "BD-6").await?, sold(db, "MORHT-500").await?);
    let (pomelo_owner, honey_owner) = (owner_email(&MAKERS[0]), owner_email(&MAKERS[6]));
    Ok(format!(
        r#"
Chợ OCOP is open at {base_url}

Look around
  {base_url}/                                  the shop, for guests on a phone
  {base_url}/partner                           where homestays make feeds and widgets: sign in as the partner below
  {base_url}/embed/qua-que-suoi-khoang         a widget; as a feed: {base_url}/feeds/qua-que-suoi-khoang.json (.rss .atom .csv .jsonld …)
  {base_url}/t/{trace}                         what the label of a box of pomelos leads to
  {base_url}/console                           where cooperatives run their shop: sign in as a seller below
  {base_url}/officer                           stars, step by step: sign in as an officer below
  {base_url}/officer/figures                   figures by commune, plans, support, difficulties
  {base_url}/business                          a supermarket asks for 12 tonnes: sign in as sieu-thi@example.vn; growers offer at /console/requests
  {base_url}/v1/ocop/products                  the register of recognised products (.csv .geojson)
  {base_url}/docs                              the API, page by page
  {base_url}/v1/products?q=buoi%20dien         search without accents
  {base_url}/v1/products?near=20.67,105.53&radius_km=15&sort=distance&facets=true
  {base_url}/v1/products/buoi-dien-du-sang
  {base_url}/v1/admin-units?q=du%20sang,%20kim%20boi
Mails are written to the folder "mail" beside the database.

Sign in (password of all: {PASSWORD})
  buyer    {buyer}
  sellers  {pomelo_owner} (pomelo), {honey_owner} (honey), …
  partner  {partner}
  officers {officer} (head of the province), van-thu@ (its clerk), hoi-dong-1@ … -3@ (council), xa-nat-son@, xa-kim-boi@ (communes), bo@ (ministry) … example.vn
  admin    {admin}

Buy a box of Bưởi Diễn and a jar of mật ong from two cooperatives, and have both delivered: paste into a shell
# --- from here
B={base_url}; J='content-type: application/json'; H='accept-language: en'
field() {{ grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }}
CART=$(curl -fsS "$B/v1/carts" -H "$J" -d '{{"items":[{{"offer_id":"{pomelo_id}","quantity":1}},{{"offer_id":"{honey_id}","quantity":1}}]}}')
ID=$(echo "$CART" | field id); TOKEN=$(echo "$CART" | field token)
QUOTE=$(curl -fsS "$B/v1/carts/$ID/quote" -H "$J" -H "x-cart-token: $TOKEN" -d '{{"address":{{"recipient":"Nguyễn Thị Lan","phone":"0912345678","street":"12 phố Hàng Bông","commune_code":"00070"}}}}' | field id)
curl -fsS "$B/v1/checkouts" -H "$J" -H "$H" -H "x-cart-token: $TOKEN" -H "idempotency-key: try-$ID" -d '{{"cart_id":"'$ID'","quote_id":"'$QUOTE'","contact":{{"name":"Nguyễn Thị Lan","phone":"0912345678","email":"{buyer}"}},"payment_method":"cash_on_delivery"}}'; echo
sell() {{
  A="authorization: Bearer $(curl -fsS "$B/v1/auth/login" -H "$J" -d '{{"login":"'$1'","password":"{PASSWORD}"}}' | field access_token)"
  O=$(curl -fsS "$B/v1/seller/cooperatives/$2/orders?state=placed&limit=1" -H "$A" | field id)
  for STEP in confirm pack ship deliver; do curl -fsS -X POST "$B/v1/seller/cooperatives/$2/orders/$O/$STEP" -H "$A" | grep -o '"state":"[a-z]*"' | head -n 1; done
  curl -fsS "$B/v1/seller/cooperatives/$2/stock/$3/movements?limit=2" -H "$A"; echo
}}
sell {pomelo_owner} {pomelo_cooperative} {pomelo_id}
sell {honey_owner} {honey_cooperative} {honey_id}
# --- to here

Stop with Ctrl-C.
"#,
        buyer = BUYER.0,
        partner = PARTNER.0,
        officer = OFFICER.0,
        admin = ADMIN.0,
        pomelo_id = pomelo.id,
        honey_id = honey.id,
        pomelo_cooperative = pomelo.cooperative_id,
        honey_cooperative = honey.cooperative_id,
        trace = Code::of(LotId(pomelo.product_id.0)).plain(),
    ))
}
