//! The schema of Chợ OCOP, one SQL file per change, alike on SQLite and PostgreSQL.
//!
//! The files are written in PostgreSQL's dialect, kept to what SQLite understands too; only type names differ and
//! are translated here. What only one of them understands stands behind a line `--@sqlite` or `--@postgres`, up to
//! `--@both`. A file is never edited once it has landed: a change is a new file and a line in [`CHANGES`].

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Every schema change in order: a name that never changes, and its SQL.
const CHANGES: &[(&str, &str)] = &[
    ("m0001_platform", include_str!("sql/0001_platform.sql")),
    ("m0002_identity", include_str!("sql/0002_identity.sql")),
    ("m0003_catalogue", include_str!("sql/0003_catalogue.sql")),
    ("m0004_inventory", include_str!("sql/0004_inventory.sql")),
    ("m0005_ordering", include_str!("sql/0005_ordering.sql")),
    ("m0006_onboarding", include_str!("sql/0006_onboarding.sql")),
    ("m0007_listings", include_str!("sql/0007_listings.sql")),
    ("m0008_lots", include_str!("sql/0008_lots.sql")),
    ("m0009_fulfilment", include_str!("sql/0009_fulfilment.sql")),
    ("m0010_feedback", include_str!("sql/0010_feedback.sql")),
    ("m0011_jobs", include_str!("sql/0011_jobs.sql")),
    ("m0012_ledger", include_str!("sql/0012_ledger.sql")),
    ("m0013_payments", include_str!("sql/0013_payments.sql")),
    ("m0014_promotions", include_str!("sql/0014_promotions.sql")),
    ("m0015_payouts", include_str!("sql/0015_payouts.sql")),
    ("m0016_tourism", include_str!("sql/0016_tourism.sql")),
    ("m0017_import_doubts", include_str!("sql/0017_import_doubts.sql")),
    ("m0018_shop_versions", include_str!("sql/0018_shop_versions.sql")),
    ("m0019_traceability", include_str!("sql/0019_traceability.sql")),
    ("m0020_recall", include_str!("sql/0020_recall.sql")),
    ("m0021_scans", include_str!("sql/0021_scans.sql")),
    ("m0022_certificates", include_str!("sql/0022_certificates.sql")),
    ("m0023_freshness", include_str!("sql/0023_freshness.sql")),
    ("m0024_materials", include_str!("sql/0024_materials.sql")),
    ("m0025_place_keys", include_str!("sql/0025_place_keys.sql")),
    ("m0026_offices", include_str!("sql/0026_offices.sql")),
    ("m0027_certification", include_str!("sql/0027_certification.sql")),
    ("m0028_programme", include_str!("sql/0028_programme.sql")),
    ("m0029_supply", include_str!("sql/0029_supply.sql")),
    ("m0030_deliveries", include_str!("sql/0030_deliveries.sql")),
    ("m0031_storage", include_str!("sql/0031_storage.sql")),
    ("m0032_export", include_str!("sql/0032_export.sql")),
    ("m0033_wholesale", include_str!("sql/0033_wholesale.sql")),
    ("m0034_gathered", include_str!("sql/0034_gathered.sql")),
    ("m0035_favourites", include_str!("sql/0035_favourites.sql")),
    ("m0036_carrier_tokens", include_str!("sql/0036_carrier_tokens.sql")),
    ("m0037_sign_in", include_str!("sql/0037_sign_in.sql")),
    ("m0038_texting", include_str!("sql/0038_texting.sql")),
    ("m0039_personal_data", include_str!("sql/0039_personal_data.sql")),
    ("m0040_shared_limits", include_str!("sql/0040_shared_limits.sql")),
    ("m0041_trail_by_thing", include_str!("sql/0041_trail_by_thing.sql")),
    ("m0042_passkeys", include_str!("sql/0042_passkeys.sql")),
    ("m0043_notices", include_str!("sql/0043_notices.sql")),
    ("m0044_told_while_signed_in", include_str!("sql/0044_told_while_signed_in.sql")),
    ("m0045_market_terms", include_str!("sql/0045_market_terms.sql")),
    ("m0046_lighter_purchase", include_str!("sql/0046_lighter_purchase.sql")),
];

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        CHANGES.iter().map(|&(name, sql)| Box::new(Change { name, sql }) as Box<dyn MigrationTrait>).collect()
    }
}

struct Change {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Change {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let sql = dialect(self.sql, connection.get_database_backend());
        connection.execute_unprepared(&sql).await?;
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("schema changes only go forward: restore a backup instead".to_owned()))
    }
}

/// SQLite reads a column's affinity from its type name, so `timestamptz` and `jsonb` would turn numeric there.
fn dialect(sql: &str, backend: DbBackend) -> String {
    let mut ours = true;
    let mut kept = Vec::new();
    for line in sql.lines() {
        match line.strip_prefix("--@") {
            Some("sqlite") => ours = backend == DbBackend::Sqlite,
            Some("postgres") => ours = backend == DbBackend::Postgres,
            Some(_) => ours = true,
            None if ours && !line.starts_with("--") => kept.push(line.split(" --").next().unwrap_or(line)),
            None => {}
        }
    }
    let sql = kept.join("\n");
    match backend {
        DbBackend::Sqlite => sql
            .replace(" timestamptz", " timestamptz_text")
            .replace(" jsonb", " json_text")
            .replace(" uuid", " uuid_blob")
            .replace(" date", " date_text")
            .replace(" double precision", " double"),
        _ => sql,
    }
}
