//! The front page, and looking for something: words, filters with what each would leave, and the order of what is found.
//!
//! It asks what `GET /v1/products` asks, in the words of people: a price may be `250k`, and an empty field asks for nothing.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpResponse, get};
use minijinja::context;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pages::data;
use super::shell::{Fault, Shell};
use crate::platform::numbers;
use crate::platform::problem::Problem;
use crate::platform::templates::value;
use crate::shop::catalogue::view::{CooperativeCard, Image};
use crate::tourism::destinations::Destination;

/// As many products as a page shows.
const SHOWN: &str = "24";
/// As many growers and places as the front page names.
const NAMED: usize = 12;

/// What somebody looks for, as typed; fields of a form that were left empty come as empty texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Looking {
    q: String,
    category: String,
    star: String,
    province: String,
    cooperative: String,
    material: String,
    min_price: String,
    max_price: String,
    in_season: String,
    in_stock: String,
    /// `latitude,longitude`, where a phone told it.
    near: String,
    sort: String,
    cursor: String,
}

impl Looking {
    /// Cut to what is sensible, before anything is done with it.
    fn bounded(self) -> Self {
        let cut = |text: String| text.trim().chars().take(200).collect::<String>();
        Self {
            q: cut(self.q),
            category: cut(self.category),
            star: cut(self.star),
            province: cut(self.province),
            cooperative: cut(self.cooperative),
            material: cut(self.material),
            min_price: cut(self.min_price),
            max_price: cut(self.max_price),
            in_season: cut(self.in_season),
            in_stock: cut(self.in_stock),
            near: cut(self.near),
            sort: cut(self.sort),
            cursor: self.cursor.chars().take(500).collect(),
        }
    }

    fn choices(&self) -> [(&'static str, &str); 6] {
        [
            ("category", &self.category),
            ("star", &self.star),
            ("province", &self.province),
            ("cooperative", &self.cooperative),
            ("material", &self.material),
            ("near", &self.near),
        ]
    }

    /// Something beside the words is asked for.
    fn is_filtered(&self) -> bool {
        let bare = Self { q: self.q.clone(), cursor: self.cursor.clone(), ..Self::default() };
        *self != bare
    }

    /// What is in season and in stock comes first, unless words or somebody ask for another order.
    fn order(&self) -> Option<&str> {
        match self.sort.as_str() {
            "distance" if self.near.is_empty() => None,
            "" if self.q.is_empty() => Some("season"),
            "" => None,
            sort => Some(sort),
        }
    }

    /// The question to the catalogue.
    fn asked(&self) -> Result<String, Problem> {
        let mut asked = form_urlencoded::Serializer::new(String::new());
        asked.append_pair("limit", SHOWN).append_pair("facets", "true");
        for (name, text) in self.choices().into_iter().chain([("q", self.q.as_str()), ("cursor", self.cursor.as_str())])
        {
            if !text.is_empty() {
                asked.append_pair(name, text);
            }
        }
        for (name, text) in [("min_price", &self.min_price), ("max_price", &self.max_price)] {
            if !text.is_empty() {
                let amount = numbers::amount(text)
                    .map_err(|fault| Problem::field(format!("/{name}"), "amount", fault.vi, fault.en))?;
                asked.append_pair(name, &amount.to_string());
            }
        }
        for (name, text) in [("in_season", &self.in_season), ("in_stock", &self.in_stock)] {
            if !text.is_empty() {
                asked.append_pair(name, "true");
            }
        }
        if let Some(order) = self.order() {
            asked.append_pair("sort", order);
        }
        Ok(asked.finish())
    }

    /// The page search engines know this one by: a category's, else the front page, for every search is some of what is there.
    fn canonical(&self) -> String {
        let of_category = Self { category: self.category.clone(), ..Self::default() };
        if *self == of_category { of_category.further("") } else { "/".to_owned() }
    }

    /// The address of what comes after these.
    fn further(&self, cursor: &str) -> String {
        let next = Self { cursor: cursor.to_owned(), ..self.clone() };
        let fields = serde_json::to_value(&next).unwrap_or_default();
        let mut address = form_urlencoded::Serializer::new(String::new());
        for (name, text) in fields.as_object().into_iter().flatten() {
            if let Some(text) = text.as_str().filter(|text| !text.is_empty()) {
                address.append_pair(name, text);
            }
        }
        let asked = address.finish();
        if asked.is_empty() { "/".to_owned() } else { format!("/?{asked}") }
    }
}

/// The orders somebody may ask for, and their words.
const SORTS: [(&str, &str, &str); 6] = [
    ("newest", "Mới nhất", "Newest"),
    ("price_asc", "Giá thấp trước", "Lowest price first"),
    ("price_desc", "Giá cao trước", "Highest price first"),
    ("stars", "Nhiều sao trước", "Most stars first"),
    ("name", "Tên", "Name"),
    ("distance", "Gần trước", "Nearest first"),
];

/// Categories of both levels that have something on sale.
fn categories(shell: &Shell) -> Result<Vec<Value>, Problem> {
    let tree = data(&*shell.catalogue.category_tree()?)?;
    let named = |node: &Value| {
        let sells = node["product_count"].as_u64().is_some_and(|count| count > 0);
        sells.then(|| json!({"slug": node["slug"], "name": node["name"], "count": node["product_count"]}))
    };
    let nodes = tree["items"].as_array().cloned().unwrap_or_default();
    let below = |node: &Value| node["children"].as_array().cloned().unwrap_or_default();
    Ok(nodes
        .iter()
        .flat_map(|node| std::iter::once(node.clone()).chain(below(node)))
        .filter_map(|node| named(&node))
        .collect())
}

/// Who grows it, with a picture of what is grown.
#[derive(Serialize)]
struct Grower {
    #[serde(flatten)]
    card: CooperativeCard,
    image: Option<Image>,
}

/// Those who sell most kinds of things first.
fn growers(shell: &Shell) -> Vec<Grower> {
    let mut cards = shell.catalogue.cooperative_cards();
    cards.sort_by(|a, b| b.product_count.cmp(&a.product_count).then_with(|| a.slug.cmp(&b.slug)));
    cards.truncate(NAMED);
    let mut images = shell.catalogue.pictures_of(&cards.iter().map(|card| card.id).collect::<Vec<_>>());
    cards.into_iter().map(|card| Grower { image: images.remove(&card.id), card }).collect()
}

#[get("/")]
pub async fn home(shell: Shell, query: Query<Looking>) -> Result<HttpResponse, Fault> {
    let looking = query.into_inner().bounded();
    let found = looking.asked().and_then(|asked| shell.catalogue.product_list(&asked)).and_then(|found| data(&found));
    let (status, found, error) = match found {
        Ok(found) => (StatusCode::OK, found, String::new()),
        Err(problem) if problem.code.status < 500 => {
            (StatusCode::UNPROCESSABLE_ENTITY, json!({"items": []}), problem.words(shell.language))
        }
        Err(problem) => return Err(shell.fault(problem)),
    };
    let front = looking == Looking::default();
    let empty = found["items"].as_array().is_none_or(Vec::is_empty);
    let book = shell.guide.book().clone();
    let next = found["next_cursor"].as_str().map(|cursor| looking.further(cursor));
    let sorts: Vec<(&str, &str)> = SORTS.iter().map(|(key, vi, en)| (*key, shell.say(vi, en))).collect();
    let values = context! {
        sorts => sorts,
        items => value(&found["items"]), total => value(&found["total"]), facets => value(&found["facets"]),
        next => next.unwrap_or_default(), looking => value(&looking), filtered => looking.is_filtered(), front => front, error => error,
        categories => if front || empty { value(&categories(&shell).map_err(|problem| shell.fault(problem))?) } else { value(&Vec::<u8>::new()) },
        growers => if front { value(&growers(&shell)) } else { value(&Vec::<u8>::new()) },
        places => if front {
            value(&book.places.iter().take(NAMED).map(|place| Destination::of(place)).collect::<Vec<_>>())
        } else { value(&Vec::<u8>::new()) },
    };
    // Words that find nothing are anybody's: no search engine need know them.
    if empty && !front {
        return shell.page("home.html", status, values);
    }
    let canonical = format!("{}{}", shell.config.storefront_url(), looking.canonical());
    shell.page("home.html", status, context! { canonical => canonical, ..values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_prices_as_they_speak_and_leave_fields_empty() {
        let looking =
            Looking {
                q: "bưởi".into(), min_price: "100k".into(), max_price: "1,2 triệu".into(), ..Looking::default()
            };
        assert_eq!(
            looking.asked().expect("understood"),
            "limit=24&facets=true&q=b%C6%B0%E1%BB%9Fi&min_price=100000&max_price=1200000"
        );
        assert!(looking.is_filtered());
        let wrong = Looking { max_price: "rẻ".into(), ..Looking::default() };
        assert!(wrong.asked().is_err());
    }

    #[test]
    fn the_season_leads_unless_words_do() {
        assert_eq!(Looking::default().order(), Some("season"));
        assert_eq!(Looking { q: "cam".into(), ..Looking::default() }.order(), None);
        assert_eq!(Looking { sort: "distance".into(), ..Looking::default() }.order(), None, "nobody said where");
    }

    #[test]
    fn what_was_chosen_is_kept_on_the_next_page() {
        let looking =
            Looking { q: "mật ong & sữa".into(), star: "4".into(), cursor: "old".into(), ..Looking::default() };
        assert_eq!(looking.further("new"), "/?cursor=new&q=m%E1%BA%ADt+ong+%26+s%E1%BB%AFa&star=4");
    }
}
