//! What is known of a person, and what becomes of it when the person asks for it to be forgotten (law 91/2025/QH15, decree
//! 356/2025/NĐ-CP). Every slice declares its own tables; `people::privacy` shows them and has them forgotten.

use entity::sealed::Sealed;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use serde::Serialize;
use serde_json::{Map, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::db::{Bound, run};
use super::secrets;

/// A table with something of people in it.
///
/// Conditions and expressions are SQL that both databases read, with `:account`, `:email`, `:phone` for the person (none of
/// which need be known: a comparison with what is not known is never true), `:actor` for `%:<account>`, `:now`, and
/// `:secret` for a text that nobody can guess.
#[derive(Clone, Copy)]
pub struct Record {
    pub table: &'static str,
    /// In Vietnamese and English.
    pub title: (&'static str, &'static str),
    /// Which of its rows are the person's.
    pub whose: &'static str,
    /// What is shown to the person of each row. Nothing where the rows say nothing that another table does not.
    pub told: &'static [Told],
    pub then: Then,
    /// What the rows name in the object store goes with them.
    pub files: Option<Files>,
}

/// What becomes of the rows.
#[derive(Clone, Copy)]
pub enum Then {
    Forget,
    /// Stay without what tells whose they were: columns and what stands in them then.
    Blank(&'static [(&'static str, &'static str)]),
    /// A JSON column is written anew.
    Rewrite(&'static str, fn(&mut serde_json::Value)),
    /// Stay as they are, and why.
    Keep(&'static str, &'static str),
}

#[derive(Clone, Copy)]
pub enum Files {
    /// A column with the key.
    Key(&'static str),
    /// A column with the id of a picture, kept under `m/<id>/`.
    Picture(&'static str),
}

/// A column as it is shown.
#[derive(Clone, Copy)]
pub struct Told {
    pub name: &'static str,
    sql: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Moment,
    Yes,
    Sealed,
}

pub const fn text(name: &'static str) -> Told {
    Told { name, sql: name, kind: Kind::Text }
}

/// A text that is not simply a column.
pub const fn said(name: &'static str, sql: &'static str) -> Told {
    Told { name, sql, kind: Kind::Text }
}

/// A whole number: đồng, pieces, stars.
pub const fn whole(name: &'static str) -> Told {
    Told { name, sql: name, kind: Kind::Whole }
}

pub const fn moment(name: &'static str) -> Told {
    Told { name, sql: name, kind: Kind::Moment }
}

pub const fn yes(name: &'static str) -> Told {
    Told { name, sql: name, kind: Kind::Yes }
}

pub const fn sealed(name: &'static str) -> Told {
    Told { name, sql: name, kind: Kind::Sealed }
}

/// What stands in the way of forgetting somebody: SQL that counts it, and what to do about it.
#[derive(Clone, Copy)]
pub struct Hold {
    pub code: &'static str,
    pub sql: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
}

/// What the slices declare, those above first: what stands upon other rows goes before them.
#[derive(Clone, Default)]
pub struct Declared {
    pub records: Vec<Record>,
    pub holds: Vec<Hold>,
    /// Names for what several tables ask for: `:orders` is the select that finds the person's orders. `:subjects` is what
    /// `subjects` finds.
    pub sets: Vec<(&'static str, &'static str)>,
    /// Selects of numbers by which mails are known to be about the person.
    pub mentions: Vec<&'static str>,
    /// Selects of ids that events about the person have as their subject.
    pub subjects: Vec<&'static str>,
}

/// The declarations, the person, the moment: what everything here works with.
pub struct Inquiry<'a> {
    pub declared: &'a Declared,
    pub person: &'a Person,
    pub now: OffsetDateTime,
}

/// Who it is about: an account, or a guest known by where their mail or messages go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub account: Option<Uuid>,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
}

/// One table of what is known.
#[derive(Debug, Serialize, ToSchema)]
pub struct Section {
    #[schema(example = "address")]
    pub record: &'static str,
    pub title_vi: &'static str,
    pub title_en: &'static str,
    /// What becomes of it when the account is erased: `forgotten`, `anonymous` or `kept`.
    pub on_erasure: &'static str,
    /// Why it is kept, if it is.
    #[schema(required = true)]
    pub kept_because_vi: Option<&'static str>,
    #[schema(required = true)]
    pub kept_because_en: Option<&'static str>,
    /// Newest last. Names and units as in the rest of the API; times are RFC 3339.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<Map<String, serde_json::Value>>,
    /// There are more rows than are listed: ask for the rest by mail.
    pub more: bool,
}

/// So many rows of one table are told.
const MOST: usize = 5_000;

impl Inquiry<'_> {
    /// The SQL with its values bound.
    fn bind(&self, sql: &str, bound: &mut Bound) -> String {
        let mut out = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some(at) = rest.find(':') {
            out += &rest[..at];
            let word: String = rest[at + 1..].chars().take_while(char::is_ascii_lowercase).collect();
            rest = &rest[at + 1 + word.len()..];
            out += &self.named(&word, bound);
        }
        out + rest
    }

    /// What `:word` stands for.
    fn named(&self, word: &str, bound: &mut Bound) -> String {
        let person = self.person;
        let (value, is_text): (Value, bool) = match word {
            "account" => (person.account.into(), false),
            "now" => (self.now.into(), false),
            "actor" => (person.account.map(|id| format!("%:{id}")).into(), true),
            "email" => (person.email.clone().into(), true),
            "phone" => (person.phone.clone().into(), true),
            "secret" => (secrets::token().into(), true),
            "subjects" => {
                let selects: Vec<_> = self.declared.subjects.iter().map(|sql| self.bind(sql, bound)).collect();
                return format!("({})", selects.join(" UNION ALL "));
            }
            _ => {
                let set = self.declared.sets.iter().find(|(name, _)| *name == word);
                return set.map_or_else(|| format!(":{word}"), |(_, sql)| format!("({})", self.bind(sql, bound)));
            }
        };
        let place = bound.bind(value);
        // PostgreSQL is told what a text is where nothing beside it tells.
        if is_text { format!("CAST({place} AS text)") } else { place }
    }

    async fn rows(&self, connection: &impl ConnectionTrait, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        let mut bound = Bound::default();
        let sql = self.bind(sql, &mut bound);
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, bound.0);
        connection.query_all_raw(statement).await
    }

    /// Everything declared that is known of the person, from the ground up: first who it is, then what they did.
    pub async fn told(&self, connection: &impl ConnectionTrait) -> Result<Vec<Section>, DbErr> {
        let mut sections = Vec::new();
        for record in self.declared.records.iter().rev().filter(|record| !record.told.is_empty()) {
            let columns = record.told.iter().enumerate().map(|(at, told)| format!("{} AS c{at}", told.shown()));
            let columns = columns.collect::<Vec<_>>().join(", ");
            let (table, whose, limit) = (record.table, record.whose, MOST + 1);
            let mut rows =
                self.rows(connection, &format!("SELECT {columns} FROM {table} WHERE {whose} LIMIT {limit}")).await?;
            let more = rows.len() > MOST;
            rows.truncate(MOST);
            let items = rows.iter().map(|row| record.item(row)).collect::<Result<Vec<_>, _>>()?;
            if !items.is_empty() {
                sections.push(record.section(items, more));
            }
        }
        Ok(sections)
    }

    /// What stands in the way of forgetting the person.
    pub async fn held(&self, connection: &impl ConnectionTrait) -> Result<Vec<Hold>, DbErr> {
        let mut standing = Vec::new();
        for hold in &self.declared.holds {
            let rows = self.rows(connection, hold.sql).await?;
            if rows.first().map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))? > 0 {
                standing.push(*hold);
            }
        }
        Ok(standing)
    }

    /// Numbers by which mails are known to be about the person.
    pub async fn mentioned(&self, connection: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
        let mut numbers = Vec::new();
        for sql in &self.declared.mentions {
            for row in self.rows(connection, sql).await? {
                numbers.push(row.try_get_by_index(0)?);
            }
        }
        Ok(numbers)
    }

    /// Ids that events about the person have as their subject.
    pub async fn subjects(&self, connection: &impl ConnectionTrait) -> Result<Vec<Uuid>, DbErr> {
        let mut ids = Vec::new();
        for sql in &self.declared.subjects {
            for row in self.rows(connection, sql).await? {
                ids.push(row.try_get_by_index(0)?);
            }
        }
        Ok(ids)
    }

    /// Forgets the person, in the caller's transaction; the files to delete after the commit: keys, and folders by `/`.
    pub async fn forget(&self, transaction: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
        let mut files = Vec::new();
        for record in &self.declared.records {
            let (table, whose) = (record.table, record.whose);
            if let Some(from) = record.files.filter(|_| !matches!(record.then, Then::Keep(..))) {
                files.extend(self.files(transaction, record, from).await?);
            }
            let sql = match record.then {
                Then::Forget => format!("DELETE FROM {table} WHERE {whose}"),
                Then::Blank(columns) => {
                    let set: Vec<_> = columns.iter().map(|(column, to)| format!("{column} = {to}")).collect();
                    format!("UPDATE {table} SET {} WHERE {whose}", set.join(", "))
                }
                Then::Rewrite(column, change) => {
                    self.rewrite(transaction, record, column, change).await?;
                    continue;
                }
                Then::Keep(..) => continue,
            };
            let mut bound = Bound::default();
            let sql = self.bind(&sql, &mut bound);
            run(transaction, sql, bound.0).await?;
        }
        Ok(files)
    }

    async fn files(
        &self,
        transaction: &impl ConnectionTrait,
        record: &Record,
        from: Files,
    ) -> Result<Vec<String>, DbErr> {
        let (Files::Key(column) | Files::Picture(column)) = from;
        let sql = format!("SELECT {column} FROM {} WHERE {} AND {column} IS NOT NULL", record.table, record.whose);
        let key = |row: &QueryResult| match from {
            Files::Key(_) => row.try_get_by_index::<String>(0),
            Files::Picture(_) => row.try_get_by_index::<Uuid>(0).map(|id| format!("m/{id}/")),
        };
        self.rows(transaction, &sql).await?.iter().map(key).collect()
    }

    async fn rewrite(
        &self,
        transaction: &impl ConnectionTrait,
        record: &Record,
        column: &str,
        change: fn(&mut serde_json::Value),
    ) -> Result<(), DbErr> {
        let table = record.table;
        let sql = format!("SELECT id, {column} FROM {table} WHERE {} AND {column} IS NOT NULL", record.whose);
        for row in self.rows(transaction, &sql).await? {
            let id = row.try_get_by_index::<Uuid>(0)?;
            let mut value = row.try_get_by_index::<serde_json::Value>(1)?;
            change(&mut value);
            let sql = format!("UPDATE {table} SET {column} = $2 WHERE id = $1");
            run(transaction, sql, [id.into(), value.into()]).await?;
        }
        Ok(())
    }
}

impl Told {
    fn shown(&self) -> String {
        match self.kind {
            Kind::Text => format!("CAST({} AS text)", self.sql),
            Kind::Whole => format!("CAST({} AS bigint)", self.sql),
            Kind::Moment | Kind::Yes | Kind::Sealed => self.sql.to_owned(),
        }
    }

    fn read(&self, row: &QueryResult, column: &str) -> Result<serde_json::Value, DbErr> {
        Ok(match self.kind {
            Kind::Text => json!(row.try_get::<Option<String>>("", column)?),
            Kind::Whole => json!(row.try_get::<Option<i64>>("", column)?),
            Kind::Yes => json!(row.try_get::<Option<bool>>("", column)?),
            Kind::Moment => {
                let at = row.try_get::<Option<OffsetDateTime>>("", column)?;
                json!(at.and_then(|at| at.format(&Rfc3339).ok()))
            }
            Kind::Sealed => json!(row.try_get::<Option<Sealed>>("", column)?.map(Sealed::into_open)),
        })
    }
}

type Words = (&'static str, &'static str);

impl Record {
    /// Rows that go with the person. Nothing is told of rows that say nothing another table does not.
    pub const fn forgotten(table: &'static str, title: Words, whose: &'static str, told: &'static [Told]) -> Self {
        Self { table, title, whose, told, then: Then::Forget, files: None }
    }

    /// Rows that stay, with something else in these columns.
    pub const fn blanked(
        table: &'static str,
        title: Words,
        whose: &'static str,
        told: &'static [Told],
        columns: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { table, title, whose, told, then: Then::Blank(columns), files: None }
    }

    /// Rows that stay as they are, and why they may.
    pub const fn kept(
        table: &'static str,
        title: Words,
        whose: &'static str,
        told: &'static [Told],
        why: Words,
    ) -> Self {
        Self { table, title, whose, told, then: Then::Keep(why.0, why.1), files: None }
    }

    /// Rows whose JSON column is written anew.
    pub const fn rewritten(
        table: &'static str,
        title: Words,
        whose: &'static str,
        column: &'static str,
        change: fn(&mut serde_json::Value),
    ) -> Self {
        Self { table, title, whose, told: &[], then: Then::Rewrite(column, change), files: None }
    }

    #[must_use]
    pub const fn with_files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    fn item(&self, row: &QueryResult) -> Result<Map<String, serde_json::Value>, DbErr> {
        let mut item = Map::new();
        for (at, told) in self.told.iter().enumerate() {
            item.insert(told.name.to_owned(), told.read(row, &format!("c{at}"))?);
        }
        Ok(item)
    }

    fn section(&self, items: Vec<Map<String, serde_json::Value>>, more: bool) -> Section {
        let (on_erasure, why) = match self.then {
            Then::Forget => ("forgotten", None),
            Then::Blank(_) | Then::Rewrite(..) => ("anonymous", None),
            Then::Keep(vi, en) => ("kept", Some((vi, en))),
        };
        let (title_vi, title_en) = self.title;
        let (kept_because_vi, kept_because_en) = why.unzip();
        Section { record: self.table, title_vi, title_en, on_erasure, kept_because_vi, kept_because_en, items, more }
    }
}
