//! What carriers told of a person's parcels.

use crate::platform::personal::{Record, moment, said, text, whole};

pub const PERSONAL: &[Record] = &[
    Record::blanked(
        "carrier_event",
        ("Tin của đơn vị vận chuyển", "Carriers' notices"),
        "parcel_id IN (SELECT p.id FROM parcel p WHERE p.order_id IN :orders)",
        &[text("carrier"), text("tracking_code"), text("status"), moment("received_at")],
        &[("body", "'{}'")],
    ),
    Record::kept(
        "parcel",
        ("Kiện hàng", "Parcels"),
        "order_id IN :orders",
        &[
            text("number"),
            said("order", "(SELECT n.number FROM orders n WHERE n.id = order_id)"),
            text("carrier"),
            text("tracking_code"),
            text("state"),
            whole("weight_g"),
            moment("created_at"),
        ],
        ("Đối soát với đơn vị vận chuyển, không kèm tên", "Settling with carriers, without a name"),
    ),
];
