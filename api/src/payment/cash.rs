//! Cash on delivery: nothing to start and nobody to ask. It is paid when a carrier's settlement file says so, or when the
//! cooperative's own people took it at the door; a person sends it back.

use actix_web::HttpResponse;
use entity::payment;
use entity::value::PaymentMethod;
use time::OffsetDateTime;

use super::provider::{
    Answer, CallbackFault, Charge, Failure, Notice, Outcome, Provider, Raw, Repaid, Repayment, Started,
};

pub struct Cash;

impl Provider for Cash {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::CashOnDelivery
    }

    fn create<'a>(&'a self, _: &'a Charge) -> Answer<'a, Started> {
        Box::pin(async { Err(Failure::Unsupported) })
    }

    fn read_callback(&self, _: &Raw<'_>) -> Result<Notice, CallbackFault> {
        Err(CallbackFault::Unreadable)
    }

    fn answer(&self, _: Outcome) -> HttpResponse {
        HttpResponse::NotFound().finish()
    }

    fn query<'a>(&'a self, _: &'a payment::Model, _: OffsetDateTime) -> Answer<'a, Notice> {
        Box::pin(async { Err(Failure::Unsupported) })
    }

    fn refund<'a>(&'a self, _: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async { Err(Failure::Unsupported) })
    }

    fn query_refund<'a>(&'a self, _: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async { Err(Failure::Unsupported) })
    }
}
