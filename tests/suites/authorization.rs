//! Who may call what: every operation of the OpenAPI document stands in one table, and is tried as everybody.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, PASSWORD, Server};

use crate::made_up::{concrete, instance};

/// The least that is asked of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// Anybody: public, or guarded by a secret of its own (a basket's token, an order's link, a carrier's word).
    Nothing,
    SignIn,
    /// Of the cooperative in the path.
    Staff,
    Manager,
    Owner,
    Admin,
    /// Of the partner in the path.
    PartnerMember,
    PartnerOwner,
    /// Officers and the platform's own people.
    Keeper,
}

use Needs::{Admin, Keeper, Manager, Nothing, Owner, PartnerMember, PartnerOwner, SignIn, Staff};

/// Every operation by its id. A route without a row here fails the test.
const TABLE: &[(Needs, &[&str])] = &[
    (
        Nothing,
        &[
            "register",
            "verify",
            "login",
            "refresh",
            "forgot_password",
            "reset_password",
            "list_admin_units",
            "show_admin_unit",
            "list_products",
            "show_product",
            "list_categories",
            "list_cooperatives",
            "show_cooperative",
            "list_destinations",
            "show_destination",
            "destinations_geojson",
            "list_product_destinations",
            "show_feed",
            "count_feed_view",
            "show_widget_script",
            "show_frame",
            "oembed",
            "attribute_cart",
            "list_pickup_points",
            "list_reviews",
            "create_cart",
            "show_cart",
            "add_cart_item",
            "change_cart_item",
            "remove_cart_item",
            "quote_cart",
            "checkout",
            "show_order",
            "cancel_order",
            "complete_order",
            "answer_shortfall",
            "start_payment",
            "show_payment",
            "list_order_payments",
            "payment_ipn_get",
            "payment_ipn",
            "bank_webhook",
            "payment_return",
            "open_dispute",
            "list_order_disputes",
            "add_dispute_evidence",
            "withdraw_dispute",
            "order_receipt",
            "upload_order_photo",
            "list_order_messages",
            "write_order_message",
            "create_return",
            "list_order_returns",
            "withdraw_return",
            "list_order_parcels",
            "receive_carrier_report",
            "show_passport",
            "resolve_digital_link",
            "list_order_recalls",
            "confirm_order_recall",
            "show_public_certificate_file",
        ],
    ),
    (
        SignIn,
        &[
            "logout",
            "show_me",
            "update_me",
            "change_password",
            "list_addresses",
            "create_address",
            "update_address",
            "delete_address",
            "list_orders",
            "sign_up_partner",
            "list_own_partners",
            "join_partner",
            "write_review",
            "upload_review_photo",
            "accept_invitation",
            "create_application",
            "list_applications",
            "show_application",
            "update_application",
            "upload_application_document",
            "submit_application",
            "list_epcis_events",
        ],
    ),
    (
        Staff,
        &[
            "show_profile",
            "list_receptions",
            "show_team",
            "list_shop_promotions",
            "list_seller_disputes",
            "list_delivery_rates",
            "list_own_pickup_points",
            "list_stock",
            "list_stock_movements",
            "record_stock_movement",
            "list_lots",
            "show_lot",
            "create_lot",
            "update_lot",
            "write_off_lot",
            "list_plots",
            "create_plot",
            "show_plot",
            "update_plot",
            "list_diary_entries",
            "write_diary_entry",
            "list_lot_events",
            "trace_forward",
            "trace_back",
            "list_copied_boxes",
            "show_farm_template",
            "import_farm_sheet",
            "list_recalls",
            "list_certificates",
            "show_certificate",
            "show_certificate_file",
            "list_lacking_certificates",
            "show_recall",
            "list_recall_notices",
            "confirm_recall_notice",
            "show_recall_report",
            "observe_lot",
            "capture_events",
            "show_gs1_keys",
            "print_labels",
            "list_forecasts",
            "list_seller_products",
            "show_seller_product",
            "list_scheduled_prices",
            "list_seller_orders",
            "show_seller_order",
            "confirm_order",
            "pack_order",
            "ship_order",
            "deliver_order",
            "collect_order",
            "cancel_seller_order",
            "bulk_orders",
            "show_queue",
            "show_pack_list",
            "list_parcels",
            "create_parcel",
            "step_parcel",
            "show_delivery_note",
            "show_parcel_label",
            "list_seller_messages",
            "write_seller_message",
            "list_seller_returns",
            "list_seller_reviews",
            "reply_to_review",
            "report_review",
        ],
    ),
    (
        Manager,
        &[
            "create_certificate",
            "update_certificate",
            "withdraw_certificate",
            "upload_certificate_file",
            "withdraw_diary_entry",
            "create_recall",
            "refund_recall",
            "settle_recalled_lot",
            "declare_event_error",
            "replace_gs1_keys",
            "serve_reception",
            "leave_reception",
            "update_profile",
            "replace_delivery_rates",
            "create_shop_promotion",
            "change_shop_promotion",
            "refund_seller_order",
            "list_seller_payouts",
            "show_seller_statement",
            "show_seller_tax",
            "add_seller_evidence",
            "list_seller_invoices",
            "show_seller_invoice",
            "create_pickup_point",
            "update_pickup_point",
            "list_carrier_contracts",
            "put_carrier_contract",
            "delete_carrier_contract",
            "create_forecast",
            "update_forecast",
            "create_product",
            "update_product",
            "archive_product",
            "duplicate_product",
            "add_product_image",
            "order_product_images",
            "create_offer",
            "update_offer",
            "schedule_price",
            "cancel_scheduled_price",
            "upload_media",
            "show_import_template",
            "create_import",
            "list_imports",
            "confirm_import_rows",
            "show_import",
            "list_import_rows",
            "run_import",
            "cancel_import",
            "export_sheet",
            "answer_return",
            "show_sales_report",
            "show_stock_report",
            "show_search_report",
        ],
    ),
    (
        Owner,
        &[
            "create_invitation",
            "remove_member",
            "revoke_invitation",
            "change_member_role",
            "list_webhooks",
            "create_webhook",
            "show_bank_account",
            "put_bank_account",
            "update_webhook",
            "delete_webhook",
            "rotate_webhook_secret",
            "test_webhook",
            "list_webhook_messages",
            "list_webhook_attempts",
            "replay_webhook_message",
        ],
    ),
    (
        Admin,
        &[
            "create_certificate_rule",
            "end_certificate_rule",
            "list_all_applications",
            "show_any_application",
            "show_application_document",
            "decide_application",
            "suspend_cooperative",
            "reinstate_cooperative",
            "list_listing_reviews",
            "decide_listing_review",
            "list_reported_reviews",
            "list_partners",
            "decide_partner",
            "moderate_review",
            "list_commission_rules",
            "create_commission_rule",
            "end_commission_rule",
            "show_tax_rates",
            "add_tax_rate",
            "tax_declaration",
            "list_ledger_accounts",
            "list_ledger_postings",
            "list_promotions",
            "create_promotion",
            "change_promotion",
            "list_refunds",
            "decide_refund",
            "refund_order",
            "refund_purchase",
            "list_reconciliation",
            "resolve_reconciliation",
            "upload_settlement",
            "list_settlements",
            "preview_payouts",
            "list_payout_batches",
            "create_payout_batch",
            "show_payout_batch",
            "decide_payout_batch",
            "payout_bank_file",
            "mark_payout",
            "list_disputes",
            "decide_dispute",
        ],
    ),
    (
        PartnerMember,
        &[
            "show_partner_profile",
            "show_partner_team",
            "list_partner_sites",
            "list_feeds",
            "create_feed",
            "show_own_feed",
            "update_feed",
            "delete_feed",
            "try_feed",
            "print_poster",
            "show_partner_report",
            "list_commissions",
            "show_partner_money",
            "list_partner_pickup_points",
            "create_partner_pickup_point",
            "update_partner_pickup_point",
            "list_boxes",
            "receive_box",
            "hand_over_box",
            "give_back_box",
        ],
    ),
    (
        PartnerOwner,
        &[
            "update_partner_profile",
            "set_partner_destinations",
            "invite_partner_member",
            "change_partner_member",
            "remove_partner_member",
            "add_partner_site",
            "verify_partner_site",
            "remove_partner_site",
            "list_api_keys",
            "create_api_key",
            "rotate_api_key",
            "revoke_api_key",
            "list_partner_webhooks",
            "create_partner_webhook",
            "update_partner_webhook",
            "delete_partner_webhook",
            "rotate_partner_webhook_secret",
            "test_partner_webhook",
            "list_partner_webhook_messages",
            "list_partner_webhook_attempts",
            "replay_partner_webhook_message",
        ],
    ),
    (
        Keeper,
        &[
            "order_recall",
            "list_all_recalls",
            "list_all_certificates",
            "show_any_certificate_file",
            "judge_certificate",
            "list_certificate_rules",
            "create_destination",
            "update_destination",
            "link_destination",
            "create_destination_event",
            "delete_destination_event",
            "add_destination_image",
            "delete_destination_image",
        ],
    ),
];

/// Who tries, and what each has.
const CALLERS: &[(&str, &[Needs])] = &[
    ("anonymous", &[Nothing]),
    ("buyer", &[Nothing, SignIn]),
    ("staff", &[Nothing, SignIn, Staff]),
    ("manager", &[Nothing, SignIn, Staff, Manager]),
    ("owner", &[Nothing, SignIn, Staff, Manager, Owner]),
    ("owner of another cooperative", &[Nothing, SignIn]),
    ("partner", &[Nothing, SignIn, PartnerMember, PartnerOwner]),
    ("partner's staff", &[Nothing, SignIn, PartnerMember]),
    ("another partner", &[Nothing, SignIn]),
    ("officer", &[Nothing, SignIn, Keeper]),
    ("admin", &[Nothing, SignIn, Admin, Keeper]),
];

async fn call(client: &Client, method: Method, path: &str, document: &Value, operation: &Value) -> tests::Answer {
    let mut request = client.request(method, path).header("idempotency-key", "authorization");
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        let (kind, media) = content.iter().next().unwrap();
        request = if kind == "application/json" && operation["operationId"] != "receive_carrier_report" {
            request.json(&instance(document, &media["schema"]))
        } else {
            request.header("content-type", kind).body("x")
        };
    }
    Client::try_send(request).await.expect("an answer")
}

async fn member(server: &Server, email: &str, membership: &str) -> Client {
    let output = server
        .ocop(&["user", "create", email, "--name", "Người thử", "--member", membership], &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    server.sign_in(email).await
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let partner = server.partner().await;
    let staff = server.new_buyer("le-tan@example.vn").await;
    let code = partner.client.post(&partner.path("invitations"), json!({"role": "member"})).await.expect(201);
    staff.post("/v1/partners/join", json!({"code": code["code"]})).await.expect(200);
    let other = server.new_buyer("doi-tac@example.vn").await;
    server.new_partner(&other).await;
    let clients: Vec<(&str, Client, &[Needs])> = {
        let mut clients = Vec::new();
        for (name, has) in CALLERS {
            let client = match *name {
                "anonymous" => server.client(),
                "buyer" => server.sign_in("lan@example.vn").await,
                "staff" => member(&server, "tho@example.vn", &format!("{}:staff", shop.cooperative)).await,
                "manager" => member(&server, "quan-ly@example.vn", &format!("{}:manager", shop.cooperative)).await,
                "owner" => shop.client.clone(),
                "owner of another cooperative" => server.seller_of("ruou-muong").await.client,
                "partner" => partner.client.clone(),
                "partner's staff" => staff.clone(),
                "another partner" => other.clone(),
                "officer" => server.sign_in("can-bo@example.vn").await,
                _ => server.sign_in("admin@example.vn").await,
            };
            clients.push((*name, client, *has));
        }
        clients
    };
    let table: BTreeMap<&str, Needs> =
        TABLE.iter().flat_map(|(needs, ids)| ids.iter().map(move |id| (*id, *needs))).collect();
    let document = server.client().get("/openapi.json").await.expect(200);
    let (mut seen, mut faults) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let Some(needs) = table.get(id).copied() else {
                faults.push(format!("{id} ({method} {path}) stands in no row of the table"));
                continue;
            };
            seen += 1;
            let secured = operation["security"].as_array().unwrap();
            let token_needed =
                !secured.is_empty() && secured.iter().all(|way| way.as_object().is_some_and(|way| !way.is_empty()));
            if token_needed == (needs == Nothing) {
                faults.push(format!("{id}: the document says {secured:?}, the table {needs:?}"));
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = concrete(path, operation, (&shop.cooperative, &partner.id));
            for (name, client, has) in &clients {
                let answer = call(client, method.clone(), &path, &document, operation).await;
                let code = answer.body["code"].as_str().unwrap_or_default();
                let refused = matches!(code, "unauthenticated" | "forbidden");
                let expected = match (has.contains(&needs), *name) {
                    (true, _) => !refused,
                    (false, "anonymous") => code == "unauthenticated",
                    (false, _) => code == "forbidden",
                };
                if !expected || answer.status >= 500 {
                    faults.push(format!(
                        "{id} as {name}: {} {}",
                        answer.status,
                        answer.text.chars().take(200).collect::<String>()
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(seen, table.len(), "rows of the table without an operation");
}
