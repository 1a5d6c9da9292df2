//! What makes a product OCOP: where it comes from and who vouches for it.
//!
//! - `traceability`: plots and their diary, what happened to lots, codes on boxes.

pub mod traceability;
