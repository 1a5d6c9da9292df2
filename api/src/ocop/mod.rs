//! What makes a product OCOP: where it comes from and who vouches for it.
//!
//! - `certification`: scorecards, dossiers, councils, decisions; the register of stars.
//! - `certificates`: papers beside the stars, who has looked at them, and what is not sold without.
//! - `figures`: what the programme comes to, commune by commune, counted from what happened.
//! - `livelihood`: jobs by season, and what households were paid.
//! - `programme`: plans, courses, support and what came of it, difficulties and help.
//! - `offices`: the offices that decide, and their people.
//! - `traceability`: plots and their diary, what happened to lots, codes on boxes.

pub mod certificates;
pub mod certification;
pub mod figures;
pub mod livelihood;
pub mod offices;
pub mod programme;
pub mod traceability;
