//! Who has been reached, and whose money goes back.

use entity::recall_notice;
use entity::value::{CooperativeId, NoticeId, NoticeKind, NoticeState, OrderId, RecallId, RefundId};
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::store::{pieces, seen_by};
use crate::ledger;
use crate::ledger::refunds::Owe;
use crate::orders::ordering::refunds::{What, owe};
use crate::orders::ordering::{order_within, take_back};
use crate::people::desk::Desk;
use crate::platform::db::{Db, all, by_id, run};
use crate::platform::fault;
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem};

/// Somebody who had to be told.
#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct Notice {
    pub id: NoticeId,
    pub kind: NoticeKind,
    #[schema(required = true)]
    pub order_id: Option<OrderId>,
    /// Of the order, the cooperative or the partner.
    pub name: String,
    /// Of one's own buyers, and of cooperatives and partners.
    #[schema(required = true)]
    pub phone: Option<String>,
    #[serde(skip)]
    seller_id: Option<CooperativeId>,
    /// Pieces of recalled lots.
    pub quantity: i64,
    /// The order was stopped before it left.
    pub stopped: bool,
    pub state: NoticeState,
    #[schema(required = true)]
    pub note: Option<String>,
    #[schema(required = true)]
    pub refund_id: Option<RefundId>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub confirmed_at: Option<OffsetDateTime>,
}

/// The list of tasks, newest first; only those that are open, if asked for. Who raised the recall sees all of them, others those of
/// their own buyers.
pub async fn notices(
    desk: &Desk,
    cooperative: CooperativeId,
    id: RecallId,
    state: Option<NoticeState>,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Notice>, Problem> {
    let recall = seen_by(desk.db.fresh(), cooperative, id).await?;
    let others = Some(cooperative).filter(|cooperative| *cooperative != recall.cooperative_id);
    let mut page = NewestFirst::of(
        "SELECT n.id, n.kind, n.order_id, COALESCE(o.number, c.name_vi, p.name, '') AS name, COALESCE(o.phone, c.phone, p.phone) AS phone, o.cooperative_id AS seller_id, n.quantity, n.stopped,
                n.state, n.note, n.refund_id, n.confirmed_at
         FROM recall_notice n LEFT JOIN orders o ON o.id = n.order_id LEFT JOIN cooperative c ON c.id = n.cooperative_id LEFT JOIN partner p ON p.id = n.partner_id",
        "n.id",
        place,
    )?
    .and("n.recall_id = ?", id)
    .and_if("(o.cooperative_id = ? OR n.cooperative_id = ?)", others)
    .and_if("n.state = ?", state.map(NoticeState::as_str))
    .page(desk.db.fresh(), |row: &Notice| row.id)
    .await?;
    for notice in &mut page.items {
        notice.phone = notice.phone.take().filter(|_| notice.seller_id.is_none_or(|seller| seller == cooperative));
    }
    Ok(page)
}

#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Đã gọi điện, khách giữ hộp chờ đến nhận"}))]
pub struct NoticeConfirmation {
    /// How it was learnt, and what was agreed.
    #[garde(length(chars, min = 2, max = 300))]
    #[schema(min_length = 2, max_length = 300)]
    pub note: String,
}

/// The cooperative has reached somebody, such as by telephone.
pub async fn confirm(
    desk: &Desk,
    cooperative: CooperativeId,
    (recall, notice): (RecallId, NoticeId),
    note: &str,
) -> Result<(), Problem> {
    let raised = seen_by(desk.db.fresh(), cooperative, recall).await?;
    let row = by_id::<recall_notice::Entity>(desk.db.fresh(), notice).await?;
    let row = row.filter(|row| row.recall_id == recall).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let seller = match row.order_id {
        Some(order) => Some(order_within(desk.db.fresh(), order).await?.cooperative_id),
        None => row.cooperative_id,
    };
    if raised.cooperative_id != cooperative && seller != Some(cooperative) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let note = fold::stored(note);
    let transaction = desk.begin().await?;
    run(
        &transaction,
        "UPDATE recall_notice SET state = 'confirmed', confirmed_at = COALESCE(confirmed_at, $2), note = $3 WHERE id = $1",
        [notice.into(), desk.now().into(), note.as_str().into()],
    )
    .await?;
    let after = serde_json::json!({"state": NoticeState::Confirmed, "note": note});
    let before = serde_json::json!({"state": row.state, "note": row.note});
    desk.audit(&transaction, "recall.reached", ("recall_notice", notice.0), before, after).await?;
    transaction.commit().await?;
    Ok(())
}

/// The buyer has read it. Said twice, it is so once.
pub async fn confirm_as_buyer(db: &Db, order: OrderId, recall: RecallId, now: OffsetDateTime) -> Result<(), Problem> {
    let sql = "UPDATE recall_notice SET state = 'confirmed', confirmed_at = COALESCE(confirmed_at, $3) WHERE recall_id = $1 AND order_id = $2";
    let told = run(db.write(), sql, [recall.into(), order.into(), now.into()]).await?;
    if told == 1 { Ok(()) } else { Err(Problem::new(&NOT_FOUND)) }
}

#[derive(FromQueryResult)]
struct Unpaid {
    id: NoticeId,
    order_id: OrderId,
}

/// What the press did.
#[derive(Default, Serialize, ToSchema)]
pub struct Refunded {
    /// Orders whose money is owed back from now on.
    pub owed: i64,
    /// Orders whose goods are to come back: an approved return stands under them.
    pub returning: i64,
    /// Orders that were not paid, or whose money went back already.
    pub nothing: i64,
}

/// Owes the cooperative's own buyers what was paid for recalled pieces, and opens the return of what they have of them, each order in a
/// transaction of its own; pressed again it goes on with what is left.
pub async fn refund_all(desk: &Desk, cooperative: CooperativeId, id: RecallId) -> Result<Refunded, Problem> {
    let recall = seen_by(desk.db.fresh(), cooperative, id).await?;
    let open = all::<Unpaid>(
        desk.db.fresh(),
        "SELECT n.id, n.order_id FROM recall_notice n JOIN orders o ON o.id = n.order_id
         WHERE n.recall_id = $1 AND o.cooperative_id = $2 AND n.refund_id IS NULL AND NOT n.stopped AND o.paid_at IS NOT NULL ORDER BY n.id",
        [id.into(), cooperative.into()],
    )
    .await?;
    let mut done = Refunded::default();
    for notice in open {
        let transaction = desk.db.begin().await?;
        let (owed, returning) = refund(&transaction, desk, &recall, &notice).await?;
        if owed || returning {
            transaction.commit().await?;
            fault::point("recall.refunded");
        }
        done.owed += i64::from(owed);
        done.returning += i64::from(returning);
        done.nothing += i64::from(!owed);
    }
    desk.bell.ring();
    Ok(done)
}

async fn refund(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    recall: &entity::recall::Model,
    notice: &Unpaid,
) -> Result<(bool, bool), Problem> {
    // Whoever presses at the same moment waits for this row, and then finds nothing to do.
    let sql = "UPDATE recall_notice SET created_at = created_at WHERE id = $1 AND refund_id IS NULL";
    if run(transaction, sql, [notice.id.into()]).await? != 1 {
        return Ok((false, false));
    }
    let goods: Vec<_> = pieces(transaction, recall.id, notice.order_id)
        .await?
        .into_iter()
        .map(|piece| (piece.offer_id, piece.quantity))
        .collect();
    if goods.is_empty() {
        return Ok((false, false));
    }
    let text = format!("Thu hồi {}", recall.number);
    let returning = take_back(transaction, notice.order_id, &goods, &text, desk.now()).await?;
    let asked = Owe { note: Some(text), by: Some(desk.who.account), ..Owe::because("recall") };
    let owed = match owe(transaction, &[(notice.order_id, What::Goods(goods))], asked, desk.now()).await {
        Ok(owed) => owed,
        // Its money went back another way.
        Err(problem) if problem.code.status < 500 => return Ok((false, false)),
        Err(problem) => return Err(problem),
    };
    let Some(owed) = owed else { return Ok((false, returning)) };
    ledger::post(transaction, owed.journals, desk.now()).await?;
    let sql = "UPDATE recall_notice SET refund_id = $2 WHERE id = $1";
    run(transaction, sql, [notice.id.into(), owed.refunds.first().copied().into()]).await?;
    for refund in owed.refunds {
        let after = serde_json::json!({"recall": recall.id, "order": notice.order_id});
        desk.audit(transaction, "recall.refunded", ("refund", refund.0), (), after).await?;
    }
    Ok((true, returning))
}
