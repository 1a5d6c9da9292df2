//! Until when products may be sold by their certificates: worked out where one of them, or a rule, changes.

use std::collections::{BTreeMap, HashMap};

use entity::category;
use entity::product_clearance;
use entity::value::{CategoryId, CertificateKind, CooperativeId, ProductId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Set};
use serde_json::json;
use time::{Date, OffsetDateTime};

use super::rules::{Span, sold_until};
use crate::platform::db::{all, list, run};
use crate::platform::outbox;
use crate::platform::problem::{Problem, codes};

codes! {
    CERTIFICATE_NEEDED = "certificate_needed" 409 "Chưa đăng bán được: thiếu chứng nhận bắt buộc còn hiệu lực." "It cannot be sold yet: a certificate it must have is missing or has ended.";
}

/// Rows written or read by one statement.
const CHUNK: usize = 300;

/// Whether product `p` may be sold on the day that stands at `day`, as SQL.
pub fn cleared(day: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM product_clearance pc WHERE pc.product_id = p.id AND pc.sold_until < {day})")
}

/// Whose products.
#[derive(Clone, Copy)]
pub enum Whose<'a> {
    /// Of one cooperative, at most [`CHUNK`].
    Products(&'a [ProductId]),
    Cooperative(CooperativeId),
    Everybody,
}

/// A rule in force or to come.
#[derive(Clone, FromQueryResult)]
pub struct Rule {
    pub category_id: CategoryId,
    pub kinds: String,
    pub from_day: Date,
    pub source: String,
}

impl Rule {
    pub fn kinds(&self) -> Vec<CertificateKind> {
        self.kinds.split(',').filter_map(|kind| kind.parse().ok()).collect()
    }
}

#[derive(FromQueryResult)]
pub struct Product {
    pub id: ProductId,
    pub name_vi: String,
    pub cooperative_id: CooperativeId,
    pub category_id: CategoryId,
    pub sold_until: Option<Date>,
}

#[derive(FromQueryResult)]
struct PaperRow {
    cooperative_id: CooperativeId,
    product_id: Option<ProductId>,
    kind: CertificateKind,
    issued_on: Date,
    valid_until: Option<Date>,
}

/// A product, or none: the whole cooperative.
type Holder = (CooperativeId, Option<ProductId>);

/// What is needed to judge products: rules, the tree of categories, verified certificates.
pub struct Book {
    rules: Vec<Rule>,
    parents: HashMap<CategoryId, Option<CategoryId>>,
    papers: HashMap<Holder, Vec<(CertificateKind, Span)>>,
}

impl Book {
    pub async fn read(connection: &impl ConnectionTrait, whose: Whose<'_>) -> Result<Self, DbErr> {
        let sql =
            "SELECT category_id, kinds, from_day, source FROM certificate_rule WHERE ended_at IS NULL ORDER BY id";
        let rules = all::<Rule>(connection, sql, []).await?;
        if rules.is_empty() {
            return Ok(Self { rules, parents: HashMap::new(), papers: HashMap::new() });
        }
        let rows = category::Entity::find().all(connection).await?;
        let parents = rows.into_iter().map(|row| (row.id, row.parent_id)).collect();
        let (condition, value) = whose
            .condition("c.cooperative_id", "c.cooperative_id IN (SELECT cooperative_id FROM product WHERE id IN {})");
        let sql = format!(
            "SELECT c.cooperative_id, c.product_id, c.kind, c.issued_on, c.valid_until FROM certificate c
             WHERE c.state = 'verified' AND c.plot_id IS NULL AND c.lot_id IS NULL AND {condition}"
        );
        let mut papers: HashMap<_, Vec<_>> = HashMap::new();
        for row in all::<PaperRow>(connection, sql, value).await? {
            let span = Span { from: row.issued_on, until: row.valid_until };
            papers.entry((row.cooperative_id, row.product_id)).or_default().push((row.kind, span));
        }
        Ok(Self { rules, parents, papers })
    }

    /// The rules that concern a product of this category or of one above it.
    fn rules_of(&self, category: CategoryId) -> impl Iterator<Item = &Rule> {
        let mut above = vec![category];
        while let Some(Some(parent)) = above.last().and_then(|last| self.parents.get(last))
            && !above.contains(parent)
        {
            above.push(*parent);
        }
        self.rules.iter().filter(move |rule| above.contains(&rule.category_id))
    }

    /// The last day it may be sold by each rule, where one is known.
    pub fn limits(&self, product: &Product, today: Date) -> Vec<(&Rule, Date)> {
        let own = self.papers.get(&(product.cooperative_id, Some(product.id)));
        let shared = self.papers.get(&(product.cooperative_id, None));
        let limit = |rule: &Rule| {
            let kinds = rule.kinds();
            let papers = own.into_iter().chain(shared).flatten().filter(|(kind, _)| kinds.contains(kind));
            let spans: Vec<Span> = papers.map(|(_, span)| *span).collect();
            sold_until(rule.from_day, &spans, today)
        };
        self.rules_of(product.category_id).filter_map(|rule| Some((rule, limit(rule)?))).collect()
    }
}

impl Whose<'_> {
    /// `of_products` holds `{}` where the list of ids stands.
    fn condition(self, cooperative: &str, of_products: &str) -> (String, Vec<sea_orm::Value>) {
        match self {
            Self::Products(ids) => {
                (of_products.replace("{}", &list(1, ids.len())), ids.iter().map(|id| (*id).into()).collect())
            }
            Self::Cooperative(id) => (format!("{cooperative} = $1"), vec![id.into()]),
            Self::Everybody => ("1 = 1".to_owned(), Vec::new()),
        }
    }
}

pub async fn products(connection: &impl ConnectionTrait, whose: Whose<'_>) -> Result<Vec<Product>, DbErr> {
    let (condition, value) = whose.condition("p.cooperative_id", "p.id IN {}");
    let sql = format!(
        "SELECT p.id, p.name_vi, p.cooperative_id, p.category_id, x.sold_until FROM product p
         LEFT JOIN product_clearance x ON x.product_id = p.id WHERE p.status <> 'archived' AND {condition} ORDER BY p.id"
    );
    all(connection, sql, value).await
}

/// One at a time: two changes at once would each be judged without the other.
async fn alone(transaction: &impl ConnectionTrait) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        run(transaction, "SELECT pg_advisory_xact_lock(7236284)", []).await?;
    }
    Ok(())
}

/// Works out anew until when products may be sold; those for which it changed. Their catalogue entries are refreshed after
/// the commit, on other nodes by the outbox.
pub async fn clear(
    transaction: &impl ConnectionTrait,
    whose: Whose<'_>,
    (today, now): (Date, OffsetDateTime),
) -> Result<Vec<ProductId>, DbErr> {
    alone(transaction).await?;
    let book = Book::read(transaction, whose).await?;
    let (mut free, mut limited) = (Vec::new(), BTreeMap::new());
    for product in products(transaction, whose).await? {
        let limit = book.limits(&product, today).into_iter().map(|(_, day)| day).min();
        match limit {
            _ if limit == product.sold_until => {}
            // Not sold before, and not now.
            Some(day) if day < today && product.sold_until.is_some_and(|last| last < today) => {}
            None => free.push(product.id),
            Some(day) => {
                limited.insert(product.id, (product.cooperative_id, day));
            }
        }
    }
    for part in free.chunks(CHUNK) {
        let sql = format!("DELETE FROM product_clearance WHERE product_id IN {}", list(1, part.len()));
        run(transaction, sql, part.iter().map(|id| (*id).into())).await?;
    }
    let rows: Vec<product_clearance::ActiveModel> = limited
        .iter()
        .map(|(id, (cooperative, day))| product_clearance::ActiveModel {
            product_id: Set(*id),
            cooperative_id: Set(*cooperative),
            sold_until: Set(*day),
        })
        .collect();
    for part in rows.chunks(CHUNK) {
        let newest = sea_orm::sea_query::OnConflict::column(product_clearance::Column::ProductId)
            .update_column(product_clearance::Column::SoldUntil)
            .to_owned();
        product_clearance::Entity::insert_many(part.to_vec())
            .on_conflict(newest)
            .exec_without_returning(transaction)
            .await?;
    }
    let changed: Vec<ProductId> = free.into_iter().chain(limited.into_keys()).collect();
    for part in changed.chunks(CHUNK) {
        let events = part.iter().map(|id| outbox::event("product.changed", id.0, json!({"by": "certificates"}), now));
        outbox::emit_all(transaction, events.collect()).await?;
    }
    Ok(changed)
}

/// Products of one cooperative were written, or moved to another category.
pub async fn clear_products(
    transaction: &impl ConnectionTrait,
    products: &[ProductId],
    at: (Date, OffsetDateTime),
) -> Result<(), DbErr> {
    for part in products.chunks(CHUNK) {
        clear(transaction, Whose::Products(part), at).await?;
    }
    Ok(())
}

/// Refuses to put a product on sale that lacks what it must have.
pub async fn refuse_without(
    transaction: &impl ConnectionTrait,
    product: ProductId,
    at: (Date, OffsetDateTime),
) -> Result<(), Problem> {
    clear(transaction, Whose::Products(&[product]), at).await?;
    let book = Book::read(transaction, Whose::Products(&[product])).await?;
    let rows = products(transaction, Whose::Products(&[product])).await?;
    let missing = rows.first().map(|row| book.limits(row, at.0)).unwrap_or_default();
    let missing: Vec<_> = missing
        .into_iter()
        .filter(|(_, day)| *day < at.0)
        .map(|(rule, _)| json!({"any_of": rule.kinds(), "source": rule.source}))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Problem::new(&CERTIFICATE_NEEDED).extension("needed", missing)) }
}
