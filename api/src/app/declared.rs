//! What the slices declare of their tables, put together: what is forgotten in time, what is sealed, what is of people.

use crate::messaging::{reach, texting, webhooks};
use crate::money::{invoice, payment, payout};
use crate::ocop::traceability;
use crate::orders::{attribution, dispute, fulfilment, ordering, recall};
use crate::pages;
use crate::people::{identity, offices};
use crate::platform::audit;
use crate::platform::idempotency;
use crate::platform::personal::Declared;
use crate::platform::retention::{self, Over};
use crate::platform::sealing::SealedColumn;
use crate::shop::{catalogue, favourites, promotion, reviews, selling};
use crate::supply::buyers;
use crate::tourism;

/// What each slice forgets in time.
pub fn forgotten() -> Vec<Over> {
    [
        pages::OVER,
        retention::OVER,
        identity::OVER,
        catalogue::OVER,
        selling::OVER,
        selling::imports::OVER,
        attribution::OVER,
        ordering::OVER,
        payment::OVER,
        traceability::OVER,
        texting::OVER,
        webhooks::OVER,
    ]
    .concat()
}

/// What each slice keeps sealed.
pub fn sealed_columns() -> Vec<SealedColumn> {
    [
        idempotency::SEALED,
        identity::SEALED,
        ordering::SEALED,
        selling::SEALED,
        payout::SEALED,
        fulfilment::SEALED,
        reach::SEALED,
        texting::SEALED,
        webhooks::SEALED,
        tourism::SEALED,
    ]
    .concat()
}

/// Those that are looked through for strange keys before anything starts: not the tables that grow with every sale.
pub fn checked_columns() -> Vec<SealedColumn> {
    let long = [idempotency::SEALED, ordering::SEALED].concat();
    sealed_columns().into_iter().filter(|column| !long.contains(column)).collect()
}

/// What each slice holds of people. What stands upon other rows, or is found by them, comes first; accounts come last.
pub fn personal() -> Declared {
    let records = [
        audit::PERSONAL,
        pages::PERSONAL,
        reach::PERSONAL,
        texting::PERSONAL,
        buyers::PERSONAL,
        tourism::PERSONAL,
        invoice::PERSONAL,
        payment::PERSONAL,
        recall::PERSONAL,
        dispute::PERSONAL,
        fulfilment::PERSONAL,
        promotion::PERSONAL,
        reviews::PERSONAL,
        favourites::PERSONAL,
        ordering::PERSONAL,
        ordering::PICTURES,
        ordering::ROOT,
        selling::PERSONAL,
        offices::PERSONAL,
        identity::PERSONAL,
    ];
    let holds = [
        ordering::HOLDS,
        dispute::HOLDS,
        payment::HOLDS,
        buyers::HOLDS,
        tourism::HOLDS,
        offices::HOLDS,
        identity::HOLDS,
    ];
    Declared {
        records: records.concat(),
        holds: holds.concat(),
        sets: ordering::SETS.to_vec(),
        mentions: ordering::MENTIONS.to_vec(),
        subjects: [ordering::SUBJECTS, dispute::SUBJECTS, selling::SUBJECTS, identity::SUBJECTS].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::personal;
    use crate::pages::storefront::account::field_words;
    use crate::platform::db::{Db, Target, all};
    use sea_orm::FromQueryResult;

    /// Columns that say something of a person wherever they stand.
    const OF_PEOPLE: &[&str] = &[
        "account_id",
        "email",
        "phone",
        "recipient",
        "contact",
        "street",
        "person",
        "representative",
        "buyer",
        "label",
        "headers",
        "text",
        "note",
        "message",
        "feedback",
        "reply",
    ];

    /// Tables that have such a column, and whose rows are not a person's: why.
    const OF_OTHERS: &[(&str, &str)] = &[
        ("cooperative", "the public face of a seller, its own to change"),
        ("partner", "a business, its own to change"),
        ("organisation", "a business, its own to change"),
        ("organisation_place", "a business's delivery places"),
        ("supply_delivery", "of contracts between businesses"),
        ("supply_acceptance", "of contracts between businesses"),
        ("supply_change", "of contracts between businesses"),
        ("supply_offer", "of contracts between businesses"),
        ("supply_request", "of contracts between businesses"),
        ("destination", "a public place"),
        ("dossier_step", "an office's record"),
        ("council_seat", "who sits in a council is a public act"),
        ("council_score", "a public act"),
        ("dossier_claim", "a cooperative's claims of its product"),
        ("criteria_set", "a public text"),
        ("recognition_entry", "a public act"),
        ("trace_event", "a lot's history, which nobody may change"),
        ("stock_movement", "a cooperative's own notes"),
        ("lot", "a cooperative's own notes"),
        ("plot", "a cooperative's own notes"),
        ("diary_entry", "a cooperative's own notes"),
        ("certificate", "a cooperative's papers"),
        ("household_income", "a household's, with a consent of its own (`ocop::livelihood`)"),
        ("measure_guest", "whom a cooperative sends to a course, its own to change"),
        ("plan_measure", "an office's plans"),
        ("support_grant", "an office's record"),
        ("season_report", "a cooperative's figures"),
        ("indicator", "an office's figures"),
        ("erasure", "that somebody was forgotten, and nothing else"),
        ("ledger_account", "the books"),
        ("cart", "what is in it is in `cart_line`"),
        ("cold_room", "a partner's place"),
        ("pickup_point", "a public place"),
        ("journal", "the books: numbers and kinds"),
        ("posting", "the books: accounts of the books"),
        ("offer_material", "goods"),
        ("offer", "goods"),
        ("product", "goods"),
    ];

    #[derive(FromQueryResult)]
    struct Column {
        table_name: String,
        column_name: String,
    }

    #[test]
    fn every_column_that_is_told_has_a_name_for_people() {
        let nameless: Vec<_> = personal()
            .records
            .iter()
            .flat_map(|record| record.told.iter().map(|told| told.name))
            .filter(|name| field_words(name).is_none())
            .collect();
        assert!(nameless.is_empty(), "name them in pages/storefront/account/data.rs: {nameless:?}");
    }

    #[tokio::test]
    async fn every_table_with_something_of_people_is_declared() {
        let file = std::env::temp_dir().join(format!("ocop-declared-{}.sqlite3", std::process::id()));
        let url = format!("sqlite://{}", file.display());
        let db = Db::connect(&Target { url: &url, read_url: None, connections: 1 }).await.expect("a database");
        db.migrate().await.expect("a schema");
        let sql =
            "SELECT t.name AS table_name, c.name AS column_name FROM sqlite_master t JOIN pragma_table_info(t.name) c
                   WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY 1, 2";
        let columns = all::<Column>(db.fresh(), sql, []).await.expect("columns");
        let declared: Vec<_> = personal().records.iter().map(|record| record.table).collect();
        let known = |table: &str| declared.contains(&table) || OF_OTHERS.iter().any(|(other, _)| *other == table);
        let missing: Vec<_> = columns
            .iter()
            .filter(|column| OF_PEOPLE.contains(&column.column_name.as_str()) && !known(&column.table_name))
            .map(|column| format!("{}.{}", column.table_name, column.column_name))
            .collect();
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", file.display()));
        }
        assert!(columns.len() > 500, "the schema is read: {}", columns.len());
        assert!(
            missing.is_empty(),
            "declare what becomes of them (`PERSONAL` of their slice), or say why not here: {missing:?}"
        );
    }
}
