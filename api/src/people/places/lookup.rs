//! Finding a place by what somebody typed: pure, over the tables in memory.

use super::data::{Commune, FOLDED, Former, Province, TABLE, bare, key, province_of};
use crate::platform::fold::words;

pub enum Found {
    Province(&'static Province),
    /// With the former commune whose name matched, where it was not today's.
    Commune(&'static Commune, Option<&'static Former>),
}

/// The best matches for `typed`: comma-separated parts from the smallest unit to the largest, or one run of words.
pub fn find(typed: &str, province_code: Option<&str>, limit: usize) -> Vec<Found> {
    let parts: Vec<String> = typed.split(',').map(|part| bare(part.trim())).filter(|part| !part.is_empty()).collect();
    let Some(name) = parts.first() else { return Vec::new() };
    let context: Vec<&str> = parts[1..].iter().flat_map(|part| words(part)).collect();
    let whole = key(typed);
    let all_words: Vec<&str> =
        words(&whole).filter(|word| !matches!(*word, "xa" | "huien" | "tinh" | "phuong")).collect();

    let mut found: Vec<(u32, &str, Found)> = Vec::new();
    if parts.len() == 1 && province_code.is_none() {
        for (province, folded) in TABLE.provinces.iter().zip(&FOLDED.provinces) {
            if let Some(rank) = rank(name, folded) {
                found.push((rank, province.name, Found::Province(province)));
            }
        }
    }
    for (commune, folded) in TABLE.communes.iter().zip(&FOLDED.communes) {
        let (province, around) = (province_of(commune), &FOLDED.provinces[commune.province]);
        if province_code.is_some_and(|code| code != province.code) {
            continue;
        }
        let today = score(name, &context, &all_words, &folded.name, around);
        let before = commune
            .former
            .iter()
            .zip(&folded.former)
            .filter_map(|(former, (own, before))| {
                let surroundings = format!("{before} {around}");
                Some((score(name, &context, &all_words, own, &surroundings)? + 1, former))
            })
            .min_by_key(|(rank, _)| *rank);
        match (today, before) {
            (Some(rank), before) if before.as_ref().is_none_or(|(other, _)| rank <= *other) => {
                found.push((rank, commune.name, Found::Commune(commune, None)));
            }
            (_, Some((rank, former))) => found.push((rank, commune.name, Found::Commune(commune, Some(former)))),
            _ => {}
        }
    }
    found.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    found.into_iter().take(limit).map(|(_, _, found)| found).collect()
}

/// Lower is better; `None` when it is another place.
fn score(name: &str, context: &[&str], all_words: &[&str], candidate: &str, surroundings: &str) -> Option<u32> {
    if let Some(rank) = rank(name, candidate)
        && context.iter().all(|word| words(surroundings).any(|known| known == *word))
    {
        return Some(rank);
    }
    // No commas: “du sang kim boi hoa binh”. The name's words come first, the rest must be around it.
    let length = words(candidate).count();
    let fits = context.is_empty()
        && all_words.len() > length
        && words(candidate).eq(all_words[..length].iter().copied())
        && all_words[length..].iter().all(|word| words(surroundings).any(|known| known == *word));
    fits.then_some(4)
}

fn rank(typed: &str, candidate: &str) -> Option<u32> {
    if candidate == typed {
        Some(0)
    } else if candidate.starts_with(typed) {
        Some(10)
    } else if candidate.contains(&format!(" {typed}")) {
        Some(20)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(typed: &str) -> String {
        match find(typed, None, 1).into_iter().next() {
            Some(Found::Commune(commune, former)) => {
                format!("{}{}", commune.code, former.map(|f| format!(" was {}", f.name)).unwrap_or_default())
            }
            Some(Found::Province(province)) => province.code.to_owned(),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn former_names_lead_to_todays_commune() {
        assert_eq!(first("Đú Sáng, Kim Bôi, Hòa Bình"), "04990 was Xã Đú Sáng");
        assert_eq!(first("du sang kim boi hoa binh"), "04990 was Xã Đú Sáng");
        assert_eq!(first("du sang"), "04990 was Xã Đú Sáng");
        assert_eq!(first("xã Mỵ Hoà, huyện Kim Bôi"), "05086 was Xã Mi Hòa");
    }

    #[test]
    fn todays_names_come_first() {
        assert_eq!(first("nat son"), "04990");
        assert_eq!(first("Kim Bôi, Phú Thọ"), "04978");
        assert_eq!(first("phu tho"), "25");
    }

    #[test]
    fn the_tables_are_whole() {
        assert_eq!(TABLE.provinces.len(), 34);
        assert_eq!(TABLE.communes.len(), 3321);
        assert_eq!(TABLE.communes.iter().map(|c| c.former.len()).sum::<usize>(), 10_034);
    }
}
