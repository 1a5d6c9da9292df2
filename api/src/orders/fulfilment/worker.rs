//! Talking to carriers: booking without booking twice, settling what is unknown, calling off.
//!
//! A booking is written down as under way before the carrier is called. Its answer books the parcel or puts it back; no
//! answer leaves it under way, and it is asked for by our number, with growing pauses, until the carrier says.

use std::sync::Arc;
use std::time::Duration;

use entity::value::{Carrier, OrderId, ParcelId, ParcelState};
use entity::{outbox, parcel, parcel_line};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use super::carrier::{Booking, CarrierError, Item, Place, Shipment};
use super::carriers::Carriers;
use super::contracts;
use super::faults::{CARRIER_REFUSED, NO_CONTRACT, PARCEL_STATE};
use super::rules::is_open;
use crate::orders::ordering::{lines_of, read};
use crate::people::places;
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, by_id, run};
use crate::platform::i18n::Text;
use crate::platform::outbox::Consumer;
use crate::platform::problem::Problem;

fn refused(reason: &str) -> Problem {
    Problem::new(&CARRIER_REFUSED)
        .detail(Text::new(format!("Hãng vận chuyển từ chối: {reason}"), format!("The carrier refused: {reason}")))
}

/// What the carrier is told about a parcel.
async fn shipment(db: &Db, row: &parcel::Model) -> Result<Shipment, Problem> {
    let order = read(db, row.order_id).await?;
    let seller = by_id::<entity::cooperative::Entity>(db.fresh(), row.cooperative_id).await?;
    let seller = seller.ok_or_else(|| Problem::internal("a parcel of no cooperative"))?;
    let lines = lines_of(db.fresh(), &[row.order_id]).await?;
    let inside = parcel_line::Entity::find().filter(parcel_line::Column::ParcelId.eq(row.id)).all(db.fresh()).await?;
    let named = |code: &str| {
        places::commune(code).map(|c| (c.name.to_owned(), places::province_of(c).name.to_owned())).unwrap_or_default()
    };
    let (from_commune, from_province) = named(&seller.commune_code);
    let (to_commune, to_province) = named(order.commune_code.as_deref().unwrap_or_default());
    let mut value = 0;
    let items = inside.iter().filter_map(|part| {
        let line = lines.iter().find(|line| line.offer_id == part.offer_id)?;
        value += line.unit_amount.0 * part.quantity;
        let weight_g = line.weight_g / line.quantity.max(1);
        Some(Item { name: format!("{} {}", line.name_vi, line.pack_vi), quantity: part.quantity, weight_g })
    });
    let items: Vec<_> = items.collect();
    Ok(Shipment {
        reference: row.number.clone(),
        from: Place {
            name: seller.name_vi,
            phone: seller.phone,
            street: seller.street,
            commune: from_commune,
            province: from_province,
        },
        to: Place {
            name: order.recipient,
            phone: order.phone,
            street: order.street.unwrap_or_default(),
            commune: to_commune,
            province: to_province,
        },
        weight_g: row.weight_g,
        cod: row.cod_amount,
        value: entity::value::Vnd(value),
        items,
        note: order.note.unwrap_or_default(),
    })
}

/// Asks the carrier to fetch a packed parcel.
pub async fn book(db: &Db, carriers: &Carriers, row: &parcel::Model, now: OffsetDateTime) -> Result<(), Problem> {
    let Some(api) = carriers.get(row.carrier) else { return Err(Problem::new(&NO_CONTRACT)) };
    let contract = contracts::find(db.fresh(), row.cooperative_id, row.carrier).await?;
    let contract = contract.ok_or_else(|| Problem::new(&NO_CONTRACT))?;
    let shipment = shipment(db, row).await?;
    let sql =
        "UPDATE parcel SET state = 'booking', updated_at = $2, last_event_at = $2 WHERE id = $1 AND state = 'packed'";
    if run(db.write(), sql, [row.id.into(), now.into()]).await? != 1 {
        return Err(Problem::new(&PARCEL_STATE).extension("state", row.state));
    }
    match api.create(&contract, &shipment).await {
        Ok(booking) => booked(db, row.id, &booking, now).await,
        Err(CarrierError::Refused(reason)) => {
            unbooked(db, row.id, now).await?;
            Err(refused(&reason))
        }
        Err(CarrierError::Unknown(reason)) => {
            tracing::warn!(parcel = %row.number, reason, "a booking's outcome is unknown; it will be asked for");
            Ok(())
        }
    }
}

async fn booked(db: &Db, id: ParcelId, booking: &Booking, now: OffsetDateTime) -> Result<(), Problem> {
    run(
        db.write(),
        "UPDATE parcel SET state = 'booked', tracking_code = $2, fee_amount = $3, expected_on = $4, updated_at = $5
         WHERE id = $1 AND state = 'booking'",
        [
            id.into(),
            booking.tracking_code.as_str().into(),
            booking.fee.map(|fee| fee.0).into(),
            booking.expected_on.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

async fn unbooked(db: &Db, id: ParcelId, now: OffsetDateTime) -> Result<(), Problem> {
    let sql = "UPDATE parcel SET state = 'packed', updated_at = $2 WHERE id = $1 AND state = 'booking'";
    run(db.write(), sql, [id.into(), now.into()]).await?;
    Ok(())
}

/// Tells the carrier that a booked parcel will not come.
pub async fn call_off(db: &Db, carriers: &Carriers, row: &parcel::Model) -> Result<(), Problem> {
    let (Some(api), Some(code)) = (carriers.get(row.carrier), &row.tracking_code) else { return Ok(()) };
    let Some(contract) = contracts::find(db.fresh(), row.cooperative_id, row.carrier).await? else { return Ok(()) };
    api.cancel(&contract, code).await.map_err(|error| refused(&error.to_string()))
}

/// Settles bookings whose outcome is unknown.
pub struct Booker {
    pub db: Db,
    pub clock: Clock,
    pub carriers: Arc<Carriers>,
}

/// Whoever called the carrier has long given up by then.
const SETTLE_AFTER_SECONDS: i64 = 20;

impl Booker {
    pub async fn run(self, stop: Stop) {
        while stop.pause(Duration::from_secs(10)).await {
            if let Err(problem) = self.round().await {
                tracing::warn!(%problem, "settling bookings failed; trying again");
            }
        }
    }

    async fn round(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let open = parcel::Entity::find()
            .filter(parcel::Column::State.eq(ParcelState::Booking))
            .filter(parcel::Column::UpdatedAt.lte(now - time::Duration::seconds(SETTLE_AFTER_SECONDS)))
            .order_by_asc(parcel::Column::UpdatedAt)
            .limit(50)
            .all(self.db.fresh())
            .await?;
        for row in open {
            self.settle(&row, now).await?;
        }
        Ok(())
    }

    async fn settle(&self, row: &parcel::Model, now: OffsetDateTime) -> Result<(), Problem> {
        let Some(api) = self.carriers.get(row.carrier) else { return Ok(()) };
        let Some(contract) = contracts::find(self.db.fresh(), row.cooperative_id, row.carrier).await? else {
            return Ok(());
        };
        match api.find(&contract, &row.number).await {
            Ok(Some(booking)) => booked(&self.db, row.id, &booking, now).await,
            Ok(None) => unbooked(&self.db, row.id, now).await,
            Err(error) => {
                tracing::info!(parcel = %row.number, %error, "still unknown");
                // To the end of the line.
                let sql = "UPDATE parcel SET updated_at = $2 WHERE id = $1 AND state = 'booking'";
                run(self.db.write(), sql, [row.id.into(), now.into()]).await?;
                Ok(())
            }
        }
    }
}

/// Parcels of a cancelled order are unpacked, and called off at their carrier.
pub struct CancelParcels {
    pub db: Db,
    pub clock: Clock,
    pub carriers: Arc<Carriers>,
}

impl Consumer for CancelParcels {
    fn name(&self) -> &'static str {
        "fulfilment"
    }

    fn wants(&self, topic: &str) -> bool {
        topic == "order.cancelled"
    }

    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let rows = parcel::Entity::find()
                .filter(parcel::Column::OrderId.eq(OrderId(event.subject_id)))
                .all(self.db.fresh())
                .await?;
            for row in rows.into_iter().filter(|row| is_open(row.state)) {
                if !matches!(row.carrier, Carrier::Own | Carrier::Pickup) {
                    call_off(&self.db, &self.carriers, &row).await?;
                }
                run(
                    self.db.write(),
                    "UPDATE parcel SET state = 'cancelled', updated_at = $2, last_event_at = $2
                     WHERE id = $1 AND state IN ('packed', 'booking', 'booked')",
                    [row.id.into(), self.clock.now().into()],
                )
                .await?;
            }
            Ok(())
        })
    }
}
