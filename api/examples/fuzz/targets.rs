//! Parsers of foreign bytes: no panic, no memory without bound, and what each target asserts. libFuzzer throws at them, and so
//! does the everyday run, with what once broke one (`api/src/thrown.rs`).

use std::fs;

use api::config::{Config, Flags};
use api::media::pictures;
use api::money::payment::fuzz::Callbacks;
use api::ocop::certification::read_criteria;
use api::ocop::traceability;
use api::orders::fulfilment::{self, Carriers};
use api::people::identity::rules::Contact;
use api::people::places::{self, commune_meant};
use api::platform::outgoing::prepare_tls;
use api::platform::{fold, numbers, sheets};
use api::shop::catalogue::{self, search::Search};
use api::shop::selling::imports;
use api::supply::wholesale;

pub type Target = Box<dyn Fn(&[u8]) + Send + Sync>;

pub const NAMES: [&str; 9] = ["sheet", "callback", "report", "events", "code", "search", "picture", "place", "written"];

fn text(target: impl Fn(&str) + Send + Sync + 'static) -> Target {
    Box::new(move |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            target(text);
        }
    })
}

/// Numbers, dates, names and contacts as people write them.
fn written(text: &str) {
    for read in
        [numbers::amount, numbers::signed_amount, numbers::weight, numbers::count, numbers::days, numbers::month]
    {
        let _ = read(text);
    }
    let _ = (numbers::date(text), numbers::change(text));
    let folded = fold::fold(text);
    assert_eq!(fold::fold(&folded), folded, "folded is folded");
    let slug = fold::slug(text);
    assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{slug}");
    assert!(!fold::stored(text).chars().any(fold::is_forbidden));
    if let Some(contact) = Contact::parse(text) {
        assert_eq!(Contact::parse(contact.as_str()), Some(contact), "a contact is written so that it can be read");
    }
}

fn sheet(bytes: &[u8]) {
    imports::fuzz::sheet(bytes);
    let _ = wholesale::read_sheet(bytes);
    if let Ok(sheet) = sheets::read(bytes, 1_000) {
        let _ = read_criteria(&sheet);
    }
}

fn picture(bytes: &[u8]) {
    if let Ok(made) = pictures::convert(bytes) {
        assert!(made.files.iter().all(|file| !file.bytes.is_empty()));
    }
}

/// Three gateways and three carriers, whose keys everybody knows.
const SETTINGS: &str = r#"
vnpay_tmn_code = "OCOPTEST"
vnpay_secret = "vnpay"
momo_partner_code = "MOMO"
momo_access_key = "access"
momo_secret_key = "momo"
zalopay_app_id = "2553"
zalopay_key1 = "one"
zalopay_key2 = "two"
"#;

fn config() -> Config {
    prepare_tls();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ocop.toml");
    fs::write(&file, SETTINGS).expect("a file of settings");
    Config::load(&Flags { config: Some(file), ..Flags::default() }).expect("settings")
}

pub fn named(name: &str) -> Option<Target> {
    Some(match name {
        "sheet" => Box::new(sheet),
        "callback" => {
            let callbacks = Callbacks::new(&config()).expect("settings of three gateways");
            Box::new(move |bytes| callbacks.read(bytes))
        }
        "report" => {
            let carriers = Carriers::registry(&config()).expect("three carriers");
            Box::new(move |bytes| fulfilment::fuzz::report(&carriers, bytes))
        }
        "events" => Box::new(traceability::fuzz::events),
        "code" => text(traceability::fuzz::code),
        "search" => {
            let folder = tempfile::tempdir().expect("a folder");
            let search = Search::open(folder.path()).expect("an index");
            text(move |typed| {
                // The index is read from the folder while there is something to ask.
                let _ = &folder;
                catalogue::fuzz::typed(&search, typed);
            })
        }
        "picture" => Box::new(picture),
        "place" => text(|text| {
            if let Some(code) = commune_meant(text) {
                assert!(places::commune(&code).is_some(), "{code}");
            }
        }),
        "written" => text(written),
        _ => return None,
    })
}
