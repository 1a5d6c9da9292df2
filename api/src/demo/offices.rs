//! The offices of the demo and their people, and the illustrative scorecards.

use std::collections::HashMap;

use anyhow::anyhow;
use entity::office;
use entity::value::{AccountId, Language, OfficeId, OfficeLevel, OfficeRole};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;

use super::data::MAKERS;
use crate::ocop::certification::{ILLUSTRATIVE, import_criteria, read_criteria};
use crate::people::identity::rules::Contact;
use crate::people::identity::{NewAccount, create_account};
use crate::people::offices::{add_member, create_office};
use crate::people::places::{commune, province_of};
use crate::platform::fold::slug;
use crate::platform::sheets;

/// E-mail, name, role.
type Person = (&'static str, &'static str, OfficeRole);

struct Office {
    level: OfficeLevel,
    name: &'static str,
    /// A commune of its place.
    commune: &'static str,
    people: &'static [Person],
}

use OfficeRole::{Assessor, Clerk, Head};

/// The province's head: everything an officer does may be tried as.
pub const OFFICER: (&str, &str) = ("can-bo@example.vn", "Cán bộ OCOP Phú Thọ");

const OFFICES: &[Office] = &[
    Office {
        level: OfficeLevel::Province,
        name: "UBND tỉnh Phú Thọ",
        commune: "04978",
        people: &[
            (OFFICER.0, OFFICER.1, Head),
            ("van-thu@example.vn", "Bùi Thị Thư", Clerk),
            ("hoi-dong-1@example.vn", "Đinh Công Minh", Assessor),
            ("hoi-dong-2@example.vn", "Quách Thị Hương", Assessor),
            ("hoi-dong-3@example.vn", "Nguyễn Văn Sơn", Assessor),
        ],
    },
    Office {
        level: OfficeLevel::Commune,
        name: "UBND xã Nật Sơn",
        commune: "04990",
        people: &[
            ("xa-nat-son@example.vn", "Bạch Công Tiến", Head),
            ("van-thu-nat-son@example.vn", "Bùi Văn Lực", Clerk),
        ],
    },
    Office {
        level: OfficeLevel::Commune,
        name: "UBND xã Kim Bôi",
        commune: "04978",
        people: &[("xa-kim-boi@example.vn", "Quách Công Hải", Head)],
    },
    Office {
        level: OfficeLevel::Commune,
        name: "UBND xã Mường Động",
        commune: "05014",
        people: &[("xa-muong-dong@example.vn", "Bùi Thị Nhung", Head)],
    },
    Office {
        level: OfficeLevel::Ministry,
        name: "Bộ Nông nghiệp và Môi trường",
        commune: "",
        people: &[
            ("bo@example.vn", "Trần Quốc Việt", Head),
            ("trung-uong-1@example.vn", "Lê Thu Hà", Assessor),
            ("trung-uong-2@example.vn", "Phạm Minh Đức", Assessor),
            ("trung-uong-3@example.vn", "Vũ Thị Lan", Assessor),
        ],
    },
];

/// Opens an office with its people.
async fn open(
    transaction: &impl ConnectionTrait,
    (level, name, of): (OfficeLevel, String, &str),
    people: Vec<(String, String, OfficeRole)>,
    (hash, now): (&str, OffsetDateTime),
    all: &mut People,
) -> anyhow::Result<()> {
    let (id, place) = (OfficeId::new(), commune(of));
    let own = place.filter(|_| level == OfficeLevel::Commune).map(|place| place.code.to_owned());
    let row = office::Model {
        id,
        level,
        name,
        commune_code: own.clone(),
        province_code: place.map(|place| province_of(place).code.to_owned()),
        created_at: now,
    };
    create_office(transaction, row).await?;
    for (email, name, role) in people {
        let new =
            NewAccount { contact: Contact::Email(email), name, password_hash: hash.to_owned(), language: Language::Vi };
        let account = create_account(transaction, new, now).await?;
        add_member(transaction, id, account.id, role, now).await?;
        match role {
            Head => drop(all.heads.insert((level, own.clone().unwrap_or_default()), (account.id, id))),
            Assessor => all.assessors.entry(level).or_default().push(account.id),
            Clerk => {}
        }
    }
    Ok(())
}

/// Who is where: heads by level and commune (none: of the level), and assessors.
#[derive(Default)]
pub struct People {
    pub heads: HashMap<(OfficeLevel, String), (AccountId, OfficeId)>,
    pub assessors: HashMap<OfficeLevel, Vec<AccountId>>,
}

pub async fn add(transaction: &impl ConnectionTrait, hash: &str, now: OffsetDateTime) -> anyhow::Result<People> {
    let mut all = People::default();
    for (name, text) in ILLUSTRATIVE {
        let sheet = sheets::read(text.as_bytes(), 1_000).map_err(|text| anyhow!("{name}: {}", text.en))?;
        let set = read_criteria(&sheet).map_err(|faults| anyhow!("{name}: {faults:?}"))?;
        import_criteria(transaction, set, None, now).await.map_err(|problem| anyhow!("{name}: {problem}"))?;
    }
    for of in OFFICES {
        let people = of.people.iter().map(|(email, name, role)| ((*email).to_owned(), (*name).to_owned(), *role));
        open(transaction, (of.level, of.name.to_owned(), of.commune), people.collect(), (hash, now), &mut all).await?;
    }
    for maker in MAKERS {
        // Every producer has a commune that looks at its dossiers.
        let Some(place) = commune(maker.commune) else { continue };
        if !all.heads.contains_key(&(OfficeLevel::Commune, place.code.to_owned())) {
            let head = (format!("{}@example.vn", slug(place.name)), format!("Lãnh đạo {}", place.name), Head);
            let office = (OfficeLevel::Commune, format!("UBND {}", place.name.replace("Xã", "xã")), place.code);
            open(transaction, office, vec![head], (hash, now), &mut all).await?;
        }
    }
    Ok(all)
}
