//! Invoices stay ten years (law on accounting 88/2015/QH13, decree 174/2016/NĐ-CP); who bought need not be in them: an
//! invoice to a consumer may be without a name (decree 123/2020/NĐ-CP, article 10).

use serde_json::{Value, json};

use crate::platform::personal::{Record, moment, said, text, whole};

pub const PERSONAL: &[Record] = &[
    Record::kept(
        "invoice",
        ("Hoá đơn", "Invoices"),
        "order_id IN :orders",
        &[
            said("order", "(SELECT n.number FROM orders n WHERE n.id = order_id)"),
            text("kind"),
            whole("number"),
            whole("total_amount"),
            said("data", "data"),
            moment("created_at"),
        ],
        (
            "Hoá đơn giữ mười năm theo Luật Kế toán, không kèm tên người mua",
            "Invoices are kept for ten years (law on accounting), without the buyer's name",
        ),
    ),
    Record::rewritten("invoice", ("Hoá đơn", "Invoices"), "order_id IN :orders", "data", without_buyer),
];

/// A buyer without name and street; the commune stays, for tax and figures.
fn without_buyer(data: &mut Value) {
    if let Some(buyer) = data.get_mut("buyer") {
        *buyer = json!({"name": null, "address": null, "commune_code": buyer["commune_code"]});
    }
}
