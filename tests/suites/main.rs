//! One binary, so that it is linked once; a module per part of the surface.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::too_many_lines, reason = "a journey is told from its beginning to its end")]

mod accounts;
mod attribution;
mod authorization;
mod backups;
mod balance;
mod boxes;
mod catalogue;
mod certificates;
mod checkout;
mod console;
mod crash;
mod days;
mod deliveries;
mod demo;
mod elsewhere;
mod export;
mod farm_sheets;
mod faults;
mod feeds;
mod figures;
mod freshness;
mod fulfilment;
mod hostile_sheets;
mod identity;
mod imports;
mod listings;
mod livelihood;
mod lots;
mod made_up;
mod manners;
mod market;
mod media;
mod nodes;
mod notices;
mod onboarding;
mod openapi;
mod orders;
mod oversight;
mod partners;
mod passkeys;
mod payments;
mod payouts;
mod places;
mod plans;
mod platform;
mod privacy;
mod programme;
mod promotions;
mod quick;
mod recalls;
mod receptions;
mod recognition;
mod refunds;
mod refusals;
mod returns;
mod rights;
mod rights_programme;
mod search;
mod secrets;
mod selling;
mod signing_in;
mod signs;
mod soak;
mod statements;
mod storage;
mod storefront;
mod supply;
mod telemetry;
mod texting;
mod tourism;
mod traceability;
mod trouble;
mod verdicts;
mod webhooks;
mod wholesale;
mod written;

#[test]
fn every_file_here_is_run() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/suites")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(suite) = name.strip_suffix(".rs").filter(|suite| *suite != "main") else { continue };
        assert!(include_str!("main.rs").contains(&format!("mod {suite};\n")), "{name} is in no `mod`");
    }
}
