//! What makes a product OCOP: where it comes from and who vouches for it.
//!
//! - `certificates`: papers beside the stars, who has looked at them, and what is not sold without.
//! - `traceability`: plots and their diary, what happened to lots, codes on boxes.

pub mod certificates;
pub mod traceability;
