//! Which lots: by code, by plot and day, by what was sprayed.

use entity::lot;
use entity::value::{CooperativeId, LotId, PlotId};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use crate::ocop::traceability::codes::Code;
use crate::ocop::traceability::lot_of;
use crate::ocop::traceability::reach::{harvested_on, sprayed_with};
use crate::platform::problem::{Problem, codes};

codes! {
    TOO_MANY_LOTS = "too_many_lots" 422 "Quá 20.000 lô: hãy chia theo thửa hoặc ngày." "More than 20,000 lots: divide them by plot or by day.";
    NOTHING_CHOSEN = "nothing_to_recall" 422 "Không có lô nào như vậy." "There are no such lots.";
}

/// Of one recall.
const MOST: usize = 20_000;

/// Lots to be taken back; what several of these name is taken together.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
pub struct Chosen {
    /// Codes of labels, or the cooperative's own codes of lots.
    #[garde(length(max = 500), inner(length(max = 60)))]
    #[schema(max_items = 500)]
    pub codes: Vec<String>,
    /// Harvested on this plot, from `from` to `to`.
    pub plot_id: Option<PlotId>,
    /// Or on any plot where this was sprayed between `from` and the harvest: a product, or an active ingredient.
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub material: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
}

/// The cooperative's own lots among what is named; an unknown code is told by its place.
pub async fn choose(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    chosen: &Chosen,
) -> Result<Vec<LotId>, Problem> {
    let mut lots = Vec::new();
    for (index, code) in chosen.codes.iter().enumerate() {
        let by_label = match Code::read(code) {
            Some(code) => lot_of(connection, &code).await?,
            None => None,
        };
        let own = lot::Entity::find().filter(lot::Column::CooperativeId.eq(cooperative));
        let own = match by_label {
            Some(id) => own.filter(lot::Column::Id.eq(id)),
            None => own.filter(lot::Column::Code.eq(code.trim())),
        };
        let found = own.one(connection).await?.ok_or_else(|| {
            let (vi, en) = ("không có lô mang mã này", "there is no lot with this code");
            Problem::field(format!("/lots/codes/{index}"), "lot", vi, en)
        })?;
        lots.push(found.id);
    }
    if chosen.plot_id.is_some() || chosen.material.is_some() {
        let from = chosen
            .from
            .ok_or_else(|| Problem::field("/lots/from", "missing", "cần ngày bắt đầu", "the first day is needed"))?;
        let days = (from, chosen.to.unwrap_or(from));
        if days.1 < days.0 {
            return Err(Problem::field("/lots/to", "date", "trước ngày bắt đầu", "before the first day"));
        }
        if let Some(plot) = chosen.plot_id {
            lots.extend(harvested_on(connection, cooperative, plot, days).await?);
        }
        if let Some(material) = chosen.material.as_deref().map(str::trim).filter(|material| !material.is_empty()) {
            lots.extend(sprayed_with(connection, cooperative, material, days).await?);
        }
    }
    lots.sort_unstable();
    lots.dedup();
    if lots.len() > MOST {
        return Err(Problem::new(&TOO_MANY_LOTS));
    }
    if lots.is_empty() { Err(Problem::new(&NOTHING_CHOSEN)) } else { Ok(lots) }
}
