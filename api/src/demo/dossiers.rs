//! The dossiers behind the demo's stars, and one at each of the usual steps.

use std::collections::HashMap;

use anyhow::Context;
use entity::certification::{DossierKind, DossierState};
use entity::value::{AccountId, CategoryId, CooperativeId, DossierId, OfficeId, OfficeLevel, ProductId, RowId};
use entity::{dossier, dossier_step};
use sea_orm::{ConnectionTrait, IntoActiveModel, Value};
use time::{Date, Duration, OffsetDateTime};

use super::data::{Good, MAKERS};
use super::offices::People;
use crate::ocop::certification::points::Points;
use crate::ocop::certification::steps::{Act, To, Who, needs_reason};
use crate::ocop::certification::{Scorecard, set_in_force};
use crate::platform::db::{Batch, placeholders, run};

/// A product, whose it is, and who writes for it.
pub struct Owned {
    pub good: &'static Good,
    pub product: ProductId,
    pub category: CategoryId,
    pub cooperative: CooperativeId,
    pub owner: AccountId,
}

/// The way to three and four stars, and to five.
const TO_PROVINCE: [Act; 6] =
    [Act::Submit, Act::ReceiveAtCommune, Act::Propose, Act::ReceiveAtProvince, Act::NameCouncil, Act::CloseRound];
const TO_MINISTRY: [Act; 4] = [Act::SendUp, Act::ReceiveAtMinistry, Act::NameCentralCouncil, Act::CloseCentralRound];

/// Dossiers under way: the product, how many of the steps above, and one that follows.
const UNDER_WAY: [(&str, usize, Option<Act>); 9] = [
    ("tra-thao-duoc-thuong-bi", 0, None),
    ("mat-ong-thuong-tien", 1, None),
    ("cam-thung-rech", 2, None),
    ("nuoc-uong-dong-chai-muong-dong", 2, Some(Act::SendBackFromCommune)),
    ("mut-buoi-huu-co", 3, None),
    ("chanh-dao-huu-co", 4, None),
    ("ruou-muong", 5, None),
    ("hat-doi", 6, None),
    ("mat-ong-rung-hop-tien", 6, Some(Act::SendUp)),
];

/// Reached with these points: floors kept, the rest as far as the stars need.
fn points_for(card: &Scorecard, stars: i32) -> Vec<(String, Points)> {
    let share = match stars {
        5 => 96,
        4 => 82,
        _ => 64,
    };
    card.criteria()
        .map(|criterion| {
            let floor = criterion.floors.iter().filter(|floor| floor.stars <= stars).map(|floor| floor.points).max();
            let half_steps = (criterion.points.0 * share / 100 + 49) / 50 * 50;
            let points = Points(half_steps.min(criterion.points.0)).max(floor.unwrap_or_default());
            (criterion.code.clone(), points)
        })
        .collect()
}

struct Writer<'a, C> {
    transaction: &'a C,
    people: &'a People,
    /// Scorecards by category.
    cards: HashMap<CategoryId, (entity::value::CriteriaSetId, Scorecard)>,
    rows: (Vec<dossier::ActiveModel>, Vec<dossier_step::ActiveModel>),
    scripts: Vec<(String, Vec<Value>)>,
}

impl<C: ConnectionTrait> Writer<'_, C> {
    /// Who takes a step with a dossier of this commune.
    fn actor(&self, act: Act, owned: &Owned, commune: &str) -> (AccountId, Option<OfficeId>) {
        let Who::Office(level, _) = act.who() else { return (owned.owner, None) };
        let place = if level == OfficeLevel::Commune { commune } else { "" };
        self.people
            .heads
            .get(&(level, place.to_owned()))
            .map_or((owned.owner, None), |(who, office)| (*who, Some(*office)))
    }

    fn insert(&mut self, table: &str, columns: usize, values: Vec<Value>) {
        let rows = values.len() / columns;
        if rows > 0 {
            self.scripts.push((format!("INSERT INTO {table} VALUES {}", placeholders(1, rows, columns)), values));
        }
    }

    /// A dossier that went these steps, the first on a day, the next every four days; its id.
    async fn write(
        &mut self,
        owned: &Owned,
        (acts, stars): (&[Act], i32),
        (began, day): (OffsetDateTime, Date),
        decided: Option<(String, Date)>,
    ) -> anyhow::Result<DossierId> {
        if !self.cards.contains_key(&owned.category) {
            let found = set_in_force(self.transaction, owned.category, day).await?.context("no criteria")?;
            self.cards.insert(owned.category, found);
        }
        let (set, card) = self.cards.get(&owned.category).context("no criteria")?.clone();
        let commune = MAKERS[owned.good.maker].commune;
        let (id, points) = (DossierId::new(), points_for(&card, stars));
        let digits = id.0.simple().to_string().to_uppercase();
        let mut state = DossierState::Draft;
        let (mut at, mut submitted_at) = (began, None);
        let mut steps = vec![("start".to_owned(), None, state, owned.owner, None, None, at)];
        for act in acts {
            at += Duration::days(4);
            let from = state;
            state = match act.to() {
                To::State(to) => to,
                To::ByStars => DossierState::Recognised,
            };
            if *act == Act::Submit {
                submitted_at = Some(at);
            }
            let (who, office) = self.actor(*act, owned, commune);
            let reason = needs_reason(*act).then(|| "Dữ liệu minh họa".to_owned());
            steps.push((act.as_str().to_owned(), Some(from), state, who, office, reason, at));
        }
        let row = dossier::Model {
            id,
            number: format!("HS-{}-{}", began.year(), &digits[24..]),
            cooperative_id: owned.cooperative,
            product_id: owned.product,
            commune_code: commune.to_owned(),
            kind: if decided.is_some() { DossierKind::New } else { DossierKind::Upgrade },
            criteria_set_id: set,
            state,
            round: 1,
            due_on: (state != DossierState::Draft && decided.is_none()).then(|| day + Duration::days(10)),
            meets_on: acts.contains(&Act::NameCouncil).then(|| day - Duration::days(1)),
            stars: decided.as_ref().map(|_| stars),
            decision_number: decided.as_ref().map(|(number, _)| number.clone()),
            decided_on: decided.as_ref().map(|(_, day)| *day),
            version: i64::try_from(steps.len()).unwrap_or(1),
            created_by: owned.owner,
            created_at: began,
            updated_at: at,
            submitted_at,
        };
        self.rows.0.push(row.into_active_model());
        let step = |(act, from_state, to_state, actor_id, office_id, reason, at)| {
            let row = dossier_step::Model {
                id: RowId::new(),
                dossier_id: id,
                act,
                from_state,
                to_state,
                actor_id,
                office_id,
                reason,
                at,
            };
            row.into_active_model()
        };
        self.rows.1.extend(steps.into_iter().map(step));
        let claim = |(code, points): &(String, Points)| -> [Value; 4] {
            [id.into(), code.clone().into(), points.0.into(), None::<String>.into()]
        };
        self.insert("dossier_claim (dossier_id, criterion, points, note)", 4, points.iter().flat_map(claim).collect());
        self.council(id, acts, &points, at);
        Ok(id)
    }

    /// The councils that were named, with the scores of those that have finished.
    fn council(&mut self, id: DossierId, acts: &[Act], points: &[(String, Points)], at: OffsetDateTime) {
        let levels = [
            (OfficeLevel::Province, Act::NameCouncil, Act::CloseRound),
            (OfficeLevel::Ministry, Act::NameCentralCouncil, Act::CloseCentralRound),
        ];
        for (level, named, closed) in levels {
            if !acts.contains(&named) {
                continue;
            }
            let done = acts.contains(&closed);
            let members = self.people.assessors.get(&level).cloned().unwrap_or_default();
            let seat = |member: &AccountId| -> [Value; 5] {
                [id.into(), level.as_str().into(), 1.into(), (*member).into(), done.then_some(at).into()]
            };
            let seats = members.iter().flat_map(seat).collect();
            self.insert("council_seat (dossier_id, level, round, account_id, handed_in_at)", 5, seats);
            if !done {
                continue;
            }
            let mut scores: Vec<Value> = Vec::new();
            for member in &members {
                for (code, points) in points {
                    let score: [Value; 6] = [
                        id.into(),
                        level.as_str().into(),
                        1.into(),
                        (*member).into(),
                        code.clone().into(),
                        points.0.into(),
                    ];
                    scores.extend(score);
                }
            }
            self.insert("council_score (dossier_id, level, round, account_id, criterion, points)", 6, scores);
        }
    }

    async fn finish(self) -> anyhow::Result<()> {
        Batch::default().insert(self.rows.0).insert(self.rows.1).execute(self.transaction).await?;
        for (sql, values) in self.scripts {
            run(self.transaction, sql, values).await?;
        }
        Ok(())
    }
}

pub async fn add(
    transaction: &impl ConnectionTrait,
    all: &[Owned],
    people: &People,
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let rows = (Vec::new(), Vec::new());
    let mut writer = Writer { transaction, people, cards: HashMap::new(), rows, scripts: Vec::new() };
    let mut behind = Vec::new();
    for owned in all {
        let Some(stars) = owned.good.stars else { continue };
        let mut acts = TO_PROVINCE.to_vec();
        if stars == 5 {
            acts.extend(TO_MINISTRY);
            acts.push(Act::Confirm);
        } else {
            acts.push(Act::Decide);
        }
        let issued = owned.good.recognised_on(today);
        let began = now - (today - issued) - Duration::days(4 * i64::try_from(acts.len()).unwrap_or(0));
        let decision = (format!("DEMO-{}/QĐ-UBND", issued.year()), issued);
        behind.push((writer.write(owned, (&acts, stars), (began, issued), Some(decision)).await?, owned.product));
    }
    for (slug, steps, last) in UNDER_WAY {
        let Some(owned) = all.iter().find(|owned| owned.good.slug == slug) else { continue };
        let acts: Vec<Act> = TO_PROVINCE.into_iter().take(steps).chain(last).collect();
        let stars = if last == Some(Act::SendUp) { 5 } else { 4 };
        let began = now - Duration::days(4 * i64::try_from(acts.len() + 1).unwrap_or(0));
        writer.write(owned, (&acts, stars), (began, today), None).await?;
    }
    writer.finish().await?;
    for (dossier, product) in behind {
        let sql = "UPDATE recognition SET dossier_id = $2 WHERE product_id = $1";
        run(transaction, sql, [product.into(), dossier.into()]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ocop::certification::{ILLUSTRATIVE, read_criteria};
    use crate::platform::sheets;

    #[test]
    fn made_up_points_come_to_the_stars_they_are_for() {
        for (name, text) in ILLUSTRATIVE {
            let set = read_criteria(&sheets::read(text.as_bytes(), 1_000).expect(name)).expect(name);
            for stars in 3..=5 {
                let points: HashMap<String, Points> = points_for(&set.card, stars).into_iter().collect();
                assert!(set.card.criteria().all(|criterion| criterion.takes(points[&criterion.code])), "{name}");
                assert_eq!(set.card.award(1, |code| points[code]).stars, stars, "{name}");
            }
        }
    }

    #[test]
    fn made_up_ways_stand_in_the_table() {
        for (slug, steps, last) in UNDER_WAY {
            let mut state = DossierState::Draft;
            for act in TO_PROVINCE.into_iter().take(steps).chain(last) {
                assert!(act.from().contains(&state), "{slug}: {act:?} from {state:?}");
                if let To::State(to) = act.to() {
                    state = to;
                }
            }
        }
    }
}
