//! Where messages go: mails to an SMTP server, a folder, or the log; what goes to phones is shortened for `texting`.

use std::path::PathBuf;

use anyhow::Context;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use time::OffsetDateTime;

use super::texts::Mail;
use crate::config::{Config, MailSink};
use crate::messaging::texting::{Channel, TextMessage, Texting};
use crate::people::identity::rules::Contact;
use crate::platform::fold;

pub struct Mailer {
    from: Mailbox,
    sink: Sink,
    folder: PathBuf,
    texting: Texting,
}

enum Sink {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder,
    Log,
}

impl Mailer {
    pub fn new(config: &Config, texting: Texting) -> anyhow::Result<Self> {
        let sink = match config.mail_sink() {
            MailSink::Smtp => {
                let url = config.smtp_url().context("OCOP_SMTP_URL is not set")?;
                Sink::Smtp(AsyncSmtpTransport::<Tokio1Executor>::from_url(url).context("OCOP_SMTP_URL")?.build())
            }
            MailSink::File => Sink::Folder,
            MailSink::Log => Sink::Log,
        };
        let folder = config.data_dir.join("mail");
        if matches!(sink, Sink::Folder) {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(Self { from: config.mail_from.parse().context("OCOP_MAIL_FROM")?, sink, folder, texting })
    }

    /// Whether the server that takes mails answers, where there is one.
    pub async fn answers(&self) -> anyhow::Result<bool> {
        match &self.sink {
            Sink::Smtp(transport) => Ok(transport.test_connection().await?),
            Sink::Folder | Sink::Log => Ok(true),
        }
    }

    /// Sends a mail, or to a phone a text message. `key` names the message: the same key is the same message.
    pub async fn send(
        &self,
        key: &str,
        (to, first): (&Contact, Option<Channel>),
        mail: &Mail,
        now: OffsetDateTime,
    ) -> anyhow::Result<()> {
        match to {
            Contact::Email(address) => self.mail(key, address, mail, now).await,
            Contact::Phone(number) => {
                let (to, text) = (number.clone(), in_short(mail));
                let message = TextMessage { key: key.to_owned(), to, text, code: mail.code.clone(), first };
                self.texting.send(&message, now).await
            }
        }
    }

    async fn mail(&self, key: &str, address: &str, mail: &Mail, now: OffsetDateTime) -> anyhow::Result<()> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address.parse()?))
            .message_id(Some(format!("<{key}@{}>", self.from.email.domain())))
            .date(std::time::SystemTime::from(now))
            .subject(&mail.subject)
            .header(ContentType::TEXT_PLAIN);
        // A folder is read by people, and searched when somebody is to be forgotten: as it is written.
        let body = match self.sink {
            Sink::Folder => Body::new_with_encoding(mail.body.clone(), ContentTransferEncoding::Binary).ok(),
            Sink::Smtp(_) | Sink::Log => None,
        };
        let message = message.body(body.unwrap_or_else(|| Body::new(mail.body.clone())))?;
        match &self.sink {
            Sink::Smtp(transport) => {
                transport.send(message).await?;
            }
            Sink::Folder => self.write(&format!("{key}.eml"), &message.formatted()).await?,
            Sink::Log => {
                tracing::info!(to = address, subject = %mail.subject, "mail (not sent: OCOP_MAIL_SINK is log)");
            }
        }
        Ok(())
    }

    /// Written whole or not at all: a reader never sees half a message.
    async fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let (part, whole) = (self.folder.join(format!("{name}.part")), self.folder.join(name));
        tokio::fs::create_dir_all(&self.folder).await?;
        tokio::fs::write(&part, bytes).await?;
        tokio::fs::rename(&part, &whole).await?;
        Ok(())
    }
}

/// What a text message says: the code, or what a mail is about and where to look, in 160 letters without accents.
pub(super) fn in_short(mail: &Mail) -> String {
    if let Some(code) = &mail.code {
        let about = fold::plain(&mail.subject);
        return format!(
            "{about}: {code} - dung trong 30 phut, khong dua ma cho ai (good for 30 minutes, for you alone)"
        );
    }
    let link = mail.body.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_default();
    let about = fold::plain(&mail.subject);
    if link.is_empty() { format!("{about} (Cho OCOP)") } else { format!("{about}: {link}") }
}
