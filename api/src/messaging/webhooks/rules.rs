//! Signatures, event types and the pauses between attempts: pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a seller's or partner's system can be told, and what it means.
pub const EVENTS: &[(&str, &str)] = &[
    ("order.placed", "A buyer ordered"),
    ("order.confirmed", "The order was confirmed"),
    ("order.packed", "The goods left the stock"),
    ("order.shipped", "All of it is on its way"),
    ("order.delivered", "All of it arrived"),
    ("order.completed", "The order is over"),
    ("order.cancelled", "The order was cancelled"),
    ("order.expired", "Nobody answered in time"),
    ("preorder.allocated", "The harvest suffices for a pre-order"),
    ("preorder.short", "The harvest is too small for a pre-order"),
    ("parcel.in_transit", "A parcel was handed over"),
    ("parcel.delivered", "A parcel arrived"),
    ("parcel.failed", "A parcel could not be delivered"),
    ("parcel.returned", "A parcel came back"),
    ("parcel.lost", "A parcel was lost"),
    ("return.requested", "A buyer wants to give goods back"),
    ("return.received", "Returned goods arrived"),
    ("refund.owed", "Money of an order goes back to its buyer"),
    ("dispute.opened", "A buyer disputes an order"),
    ("dispute.decided", "A dispute is decided"),
    ("message.written", "Somebody wrote about an order"),
    ("review.written", "A buyer reviewed a product"),
    ("stock.changed", "Stock was recorded by a person"),
    ("recall.raised", "Lots of the cooperative are recalled"),
    ("recall.cooperative", "Lots of others that something was made of are recalled"),
    ("recall.partner", "Boxes that wait at the partner's reception are recalled"),
    ("certificate.verified", "A certificate counts from now on"),
    ("certificate.refused", "A certificate was refused, and why"),
    ("certificate.revoked", "A certificate counts no longer, and why"),
    ("certificate.ending", "A certificate ends in 60, 30 or 7 days"),
    ("dossier.step", "A step was taken with a dossier for OCOP stars"),
    ("recognition.ending", "OCOP stars end in 9, 6 or 3 months"),
    ("recognition.revoked", "OCOP stars were taken back, and why"),
    ("measure.invited", "People of the cooperative are invited to a course or another measure of a plan"),
    ("support.granted", "Support was granted to the cooperative"),
    ("help.offered", "An office or a partner offers help with a difficulty"),
    ("help.answered", "The cooperative answered help, or said what came of it"),
    ("request.published", "An organisation asks for goods in quantity that the cooperative can serve"),
    ("request.shared", "The shares of a request the cooperative offered for are reckoned"),
    ("request.gathering", "Another cooperative asks to offer under its answer to a request"),
    ("order.agreed", "A contract was signed: one of its deliveries is an order now"),
    ("order.accepted", "Buyer and cooperative agree to what arrived of a contract's order"),
    ("delivery.near", "A delivery of a contract is due in three days"),
    ("delivery.weighed", "The buyer weighed and graded a delivery; silence is agreement after three days"),
    ("delivery.answered", "The cooperative agreed to what was weighed, or objected"),
    ("delivery.change", "One side proposed or answered a change of a delivery"),
    ("storage.booking", "A cold room of the cooperative was booked, or a booking cancelled"),
    ("processing.step", "Processing was asked for, priced, agreed to, done or declined by the other side"),
    ("contract.answered", "The cooperative signed or declined a contract"),
    ("request.accepted", "The buyer agreed to the cooperative's share of a request"),
    ("product.changed", "A product changed; partners hear of those in their feeds"),
    ("commission.earned", "A partner is owed commission: an order it brought is completed"),
    ("commission.reversed", "Commission was taken back: goods of a completed order were refunded"),
    ("webhook.test", "Sent by hand, to try the endpoint"),
];

pub fn is_event(name: &str) -> bool {
    EVENTS.iter().any(|(known, _)| *known == name)
}

/// Whether an endpoint's list of events has this one.
pub fn wants(events: &str, topic: &str) -> bool {
    topic == "webhook.test" || events.split(',').any(|event| event == "*" || event == topic)
}

/// Seconds to wait after an attempt, or `None` when it was the last: about three days in all.
pub fn pause_after(attempt: i32) -> Option<i64> {
    const PAUSES: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    usize::try_from(attempt - 1).ok().and_then(|index| PAUSES.get(index).copied())
}

/// `whsec_` and 24 random bytes, as the standard suggests.
pub fn new_secret() -> String {
    format!("whsec_{}", STANDARD.encode(rand::random::<[u8; 24]>()))
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks specification).
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks reference libraries.
    #[test]
    fn signatures_agree_with_the_standards_example() {
        let signed = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(sign("not a secret", "id", 0, ""), None);
    }

    #[test]
    fn retries_spread_over_three_days_and_end() {
        let total: i64 = (1..).map_while(pause_after).sum();
        assert!((2 * 86_400..4 * 86_400).contains(&total), "{total}");
        assert_eq!(pause_after(10), None);
    }

    #[test]
    fn endpoints_hear_what_they_asked_for() {
        assert!(wants("*", "order.placed") && wants("order.placed,order.cancelled", "order.cancelled"));
        assert!(!wants("order.placed", "order.cancelled") && wants("order.placed", "webhook.test"));
        assert!(new_secret().starts_with("whsec_") && sign(&new_secret(), "a", 1, "b").is_some());
    }
}
