//! Rights in personal data by the command line, for who cannot use the pages: guests, and accounts after a restore.

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use entity::account;
use time::Date;
use uuid::Uuid;

use crate::app::{self, Services};
use crate::config::Config;
use crate::people::identity::find_by_contact;
use crate::people::identity::rules::Contact;
use crate::people::privacy::{Erasing, erase_guest, erased_since, known_of};
use crate::platform::db::by_id;
use crate::platform::i18n::Text;
use crate::platform::moments::start_of;
use crate::platform::numbers;
use crate::platform::personal;
use crate::platform::problem::Problem;
use entity::value::{AccountId, Language};

#[derive(Subcommand)]
pub enum Person {
    /// Print all that is known of somebody, as JSON
    Show(Who),
    /// Forget somebody; refused while something is under way
    Forget(Who),
    /// Print the ids of the accounts that were forgotten since a day
    Forgotten {
        /// A day, such as 2026-11-01
        #[arg(long, value_parser = day)]
        since: Date,
    },
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub struct Who {
    /// An account's id
    #[arg(long)]
    account: Option<Uuid>,
    /// An e-mail address: the account that has it, or a guest's orders
    #[arg(long)]
    email: Option<String>,
    /// A phone number, likewise
    #[arg(long)]
    phone: Option<String>,
}

fn day(text: &str) -> Result<Date, String> {
    numbers::date(text).map_err(|fault: Text| fault.en.into_owned())
}

fn failed(problem: &Problem) -> anyhow::Error {
    anyhow::anyhow!("{}", problem.words(Language::En))
}

impl Who {
    async fn person(&self, services: &Services) -> anyhow::Result<personal::Person> {
        let mut person = personal::Person::default();
        let mut found: Option<account::Model> = None;
        if let Some(id) = self.account {
            let row = by_id::<account::Entity>(services.db.fresh(), AccountId(id)).await?;
            found = Some(row.with_context(|| format!("there is no account {id}"))?);
        }
        for (given, name) in [(&self.email, "e-mail address"), (&self.phone, "phone number")] {
            let Some(given) = given else { continue };
            let contact = Contact::parse(given).with_context(|| format!("{given} is not a valid {name}"))?;
            let known = find_by_contact(services.db.fresh(), &contact).await?;
            if let (Some(one), Some(other)) = (&found, &known) {
                ensure!(one.id == other.id, "these are two different accounts: {} and {}", one.id, other.id);
            }
            found = found.or(known);
            match contact {
                Contact::Email(email) => person.email = Some(email),
                Contact::Phone(phone) => person.phone = Some(phone),
            }
        }
        if let Some(account) = found {
            let whole = personal::Person::of(&account);
            person.account = whole.account;
            person.email = person.email.or(whole.email);
            person.phone = person.phone.or(whole.phone);
        }
        Ok(person)
    }
}

pub async fn run(config: Config, command: Person) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    let (declared, now) = (app::personal(), services.clock.now());
    match command {
        Person::Show(who) => {
            let person = who.person(&services).await?;
            let known = known_of(services.db.fresh(), (&declared, &person), now).await;
            println!("{}", serde_json::to_string_pretty(&known.map_err(|problem| failed(&problem))?)?);
        }
        Person::Forget(who) => {
            let person = who.person(&services).await?;
            let erasing = Erasing { db: &services.db, declared: &declared, now };
            erase_guest(&erasing, &person).await.map_err(|problem| failed(&problem))?;
            println!("Forgotten. Files follow when a server runs.");
        }
        Person::Forgotten { since } => {
            let rows = erased_since(&services.db, start_of(since)).await.map_err(|problem| failed(&problem))?;
            for account in rows.iter().filter_map(|row| row.account_id) {
                println!("{account}");
            }
        }
    }
    Ok(())
}
