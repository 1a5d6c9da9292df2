//! The tables of Chợ OCOP, one file each, and the value types their columns carry. No I/O here.

pub mod value;

pub mod account;
pub mod account_role;
pub mod address;
pub mod audit_entry;
pub mod cart;
pub mod cart_line;
pub mod category;
pub mod certificate;
pub mod cooperative;
pub mod cooperative_member;
pub mod delivery_rate;
pub mod destination;
pub mod idempotency_key;
pub mod lot;
pub mod offer;
pub mod order;
pub mod order_event;
pub mod order_line;
pub mod outbox;
pub mod password_reset;
pub mod product;
pub mod product_image;
pub mod purchase;
pub mod quote;
pub mod recognition;
pub mod refresh_token;
pub mod registration;
pub mod reservation;
pub mod session;
pub mod stock;
pub mod stock_movement;
