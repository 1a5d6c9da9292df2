//! How often feeds and their products were shown: counted in memory, written down every two seconds. Reports show them; nobody
//! is paid by them, so a crash may lose the last two seconds.

use std::collections::HashMap;

use entity::value::{FeedId, ProductId};
use entity::{feed_product_view, feed_view};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{DbErr, EntityTrait, Set, TransactionTrait};
use time::Date;

use crate::platform::db::Db;

/// Pages whose views are counted apart between two writings; the rest are counted together.
const PAGES: usize = 2_000;
/// Products of feeds that are counted between two writings, at most.
const PRODUCTS: usize = 20_000;
/// Rows of one statement: SQLite binds 32,766 values at most.
const ROWS: usize = 500;

#[derive(Default)]
pub struct Views {
    pages: HashMap<(FeedId, String), i64>,
    products: HashMap<(FeedId, ProductId), i64>,
}

impl Views {
    /// A page showed these products of a feed.
    pub fn add(&mut self, feed: FeedId, page: String, products: impl IntoIterator<Item = ProductId>) {
        let apart = self.pages.len() < PAGES || self.pages.contains_key(&(feed, page.clone()));
        *self.pages.entry((feed, if apart { page } else { String::new() })).or_insert(0) += 1;
        for product in products {
            if self.products.len() < PRODUCTS || self.products.contains_key(&(feed, product)) {
                *self.products.entry((feed, product)).or_insert(0) += 1;
            }
        }
    }

    /// Takes what could not be written, of feeds that are still there.
    pub fn put_back(&mut self, taken: Self, is_there: impl Fn(FeedId) -> bool) {
        for ((feed, page), views) in taken.pages {
            if is_there(feed) {
                *self.pages.entry((feed, page)).or_insert(0) += views;
            }
        }
        for ((feed, product), views) in taken.products {
            if is_there(feed) {
                *self.products.entry((feed, product)).or_insert(0) += views;
            }
        }
    }

    /// Adds everything to what is in the database, or nothing. Rows go in the order of their keys, as on every node.
    pub async fn write(&self, db: &Db, day: Date) -> Result<(), DbErr> {
        if self.pages.is_empty() {
            return Ok(());
        }
        let mut pages: Vec<_> = self.pages.iter().collect();
        pages.sort_unstable();
        let mut products: Vec<_> = self.products.iter().collect();
        products.sort_unstable();
        let transaction = db.write().begin().await?;
        for chunk in pages.chunks(ROWS) {
            use feed_view::{ActiveModel, Column, Entity};
            let row = |((feed, page), views): &(&(FeedId, String), &i64)| ActiveModel {
                feed_id: Set(*feed),
                day: Set(day),
                page: Set(page.clone()),
                views: Set(**views),
            };
            let mut more = OnConflict::columns([Column::FeedId, Column::Day, Column::Page]);
            more.value(Column::Views, Expr::col((Entity, Column::Views)).add(Expr::cust("excluded.views")));
            Entity::insert_many(chunk.iter().map(row)).on_conflict(more).exec_without_returning(&transaction).await?;
        }
        for chunk in products.chunks(ROWS) {
            use feed_product_view::{ActiveModel, Column, Entity};
            let row = |((feed, product), views): &(&(FeedId, ProductId), &i64)| ActiveModel {
                feed_id: Set(*feed),
                day: Set(day),
                product_id: Set(*product),
                views: Set(**views),
            };
            let mut more = OnConflict::columns([Column::FeedId, Column::Day, Column::ProductId]);
            more.value(Column::Views, Expr::col((Entity, Column::Views)).add(Expr::cust("excluded.views")));
            Entity::insert_many(chunk.iter().map(row)).on_conflict(more).exec_without_returning(&transaction).await?;
        }
        transaction.commit().await
    }
}
