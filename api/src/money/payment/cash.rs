//! Cash on delivery: nothing to start and nobody to ask. It is paid when a carrier's settlement file says so, or when the
//! cooperative's own people took it at the door; a person sends it back.

use entity::value::PaymentMethod;

use super::provider::{Answer, Charge, Failure, Provider, Started};

pub struct Cash;

impl Provider for Cash {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::CashOnDelivery
    }

    fn create<'a>(&'a self, _: &'a Charge) -> Answer<'a, Started> {
        Box::pin(async { Err(Failure::Unsupported) })
    }
}
