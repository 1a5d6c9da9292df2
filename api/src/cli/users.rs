//! Accounts by the command line, and lists of passwords that nobody may choose.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use entity::value::{CooperativeId, Language, MemberRole, OfficeId, OfficeRole, PlatformRole};

use crate::app::Services;
use crate::config::Config;
use crate::people::identity::rules::{Contact, password_fault};
use crate::people::identity::{
    NewAccount, breached, create_account, find_by_contact, forget_second_factor, grant_membership, grant_role,
};
use crate::people::offices::add_member;
use crate::platform::db::{by_id, is_duplicate};

/// Roles on the platform, in cooperatives, in offices.
type Places<'a> = (&'a [PlatformRole], &'a [(CooperativeId, MemberRole)], &'a [(OfficeId, OfficeRole)]);

pub async fn create_user(
    config: Config,
    contact: &str,
    name: String,
    (roles, members, seats): Places<'_>,
) -> anyhow::Result<()> {
    let contact = Contact::parse(contact).context("not a valid e-mail address or phone number")?;
    if std::io::stdin().is_terminal() {
        eprintln!("Password, then Enter:");
    }
    let mut password = String::new();
    std::io::stdin().read_line(&mut password)?;
    let password = password.trim_end_matches(['\n', '\r']);
    if let Some((_, fault)) = password_fault(password, contact.as_str()) {
        bail!("the password {fault}");
    }
    let services = Services::start(config).await?;
    let now = services.clock.now();
    let hash = services.passwords.hash(password).await?;
    let transaction = services.db.begin().await?;
    let shown = contact.as_str().to_owned();
    let new = NewAccount { contact, name, password_hash: hash, language: Language::Vi };
    let account = create_account(&transaction, new, now).await.map_err(|error| {
        if is_duplicate(&error) { anyhow::anyhow!("{shown} has an account already") } else { error.into() }
    })?;
    for role in roles {
        grant_role(&transaction, account.id, *role, now).await?;
    }
    for (cooperative, role) in members {
        let known = by_id::<entity::cooperative::Entity>(&transaction, *cooperative).await?;
        ensure!(known.is_some(), "there is no cooperative {cooperative}");
        grant_membership(&transaction, account.id, *cooperative, *role, now).await?;
    }
    for (office, role) in seats {
        let known = by_id::<entity::office::Entity>(&transaction, *office).await?;
        ensure!(known.is_some(), "there is no office {office}");
        add_member(&transaction, *office, account.id, *role, now).await?;
    }
    transaction.commit().await?;
    println!("{}", account.id);
    Ok(())
}

pub async fn forget_factor(config: Config, contact: &str) -> anyhow::Result<()> {
    let contact = Contact::parse(contact).context("not a valid e-mail address or phone number")?;
    let services = Services::start(config).await?;
    let account = find_by_contact(services.db.fresh(), &contact).await?;
    let account = account.with_context(|| format!("{} has no account", contact.as_str()))?;
    let forgotten = forget_second_factor(&services.db, account.id, services.clock.now()).await;
    let forgotten = forgotten.map_err(|problem| anyhow::anyhow!("{problem}"))?;
    ensure!(forgotten, "{} has no second factor", contact.as_str());
    println!("No code is asked of {} any more; all sessions are over.", contact.as_str());
    Ok(())
}

pub fn passwords(list: &Path, out: &Path) -> anyhow::Result<()> {
    let count = if list == Path::new("-") {
        breached::build(std::io::stdin().lock(), out)?
    } else {
        let file = std::fs::File::open(list).with_context(|| format!("cannot read {}", list.display()))?;
        breached::build(std::io::BufReader::new(file), out)?
    };
    println!("{count} passwords are in {}.", out.display());
    Ok(())
}
