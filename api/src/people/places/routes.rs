//! `/v1/admin-units`: for address forms.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::data::{Commune, Former, Province, TABLE, commune, communes_of, province, province_of, successor};
use super::lookup::{Found, find};
use crate::platform::body::Params;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::ready::Ready;

/// Units change by act of parliament; a day in a cache does no harm.
const CACHE: &str = "public, max-age=86400";

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Province,
    Commune,
}

/// A province or a commune.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"code": "04990", "name": "Xã Nật Sơn", "level": "commune", "province_code": "25", "province_name": "Phú Thọ",
    "matched_former_name": "Xã Đú Sáng, Huyện Kim Bôi, Tỉnh Hoà Bình", "former": []}))]
pub struct AdminUnit {
    code: String,
    name: String,
    level: Level,
    province_code: String,
    province_name: String,
    /// The name of before July 2025 that was searched for, when it was not today's.
    #[schema(required = true)]
    matched_former_name: Option<String>,
    /// On a single unit, or where `former` asks for it: the communes it was made of.
    former: Vec<FormerUnit>,
    /// On a province, where `former` asks for it: the provinces of before that it has communes of, by their names then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former_provinces: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct FormerUnit {
    code: String,
    name: String,
    district: String,
    province: String,
}

#[derive(Serialize, ToSchema)]
pub struct AdminUnits {
    items: Vec<AdminUnit>,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Words of the name, accents or not, old names too; parts from small to large may be separated by commas.
    #[garde(inner(length(chars, max = 100)))]
    #[param(max_length = 100, example = "du sang, kim boi")]
    q: Option<String>,
    /// Only communes of this province; without `q`, all of them.
    #[garde(inner(length(max = 10)))]
    #[param(max_length = 10)]
    province: Option<String>,
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// With what each was made of on 1 July 2025, to choose by names that people know. Not with `q`.
    #[garde(skip)]
    former: Option<bool>,
}

fn province_unit(province: &Province) -> AdminUnit {
    AdminUnit {
        code: province.code.to_owned(),
        name: province.name.to_owned(),
        level: Level::Province,
        province_code: province.code.to_owned(),
        province_name: province.name.to_owned(),
        matched_former_name: None,
        former: Vec::new(),
        former_provinces: Vec::new(),
    }
}

fn with_former_provinces(province: &Province) -> AdminUnit {
    let mut names: Vec<_> =
        communes_of(province.code).flat_map(|commune| &commune.former).map(|former| former.province).collect();
    names.sort_unstable();
    names.dedup();
    AdminUnit { former_provinces: names, ..province_unit(province) }
}

fn with_former(found: &Commune, matched: Option<&Former>) -> AdminUnit {
    let former = found.former.iter().map(|f| FormerUnit {
        code: f.code.to_owned(),
        name: f.name.to_owned(),
        district: f.district.to_owned(),
        province: f.province.to_owned(),
    });
    AdminUnit { former: former.collect(), ..commune_unit(found, matched) }
}

fn commune_unit(commune: &Commune, matched: Option<&Former>) -> AdminUnit {
    let province = province_of(commune);
    AdminUnit {
        code: commune.code.to_owned(),
        name: commune.name.to_owned(),
        level: Level::Commune,
        province_code: province.code.to_owned(),
        province_name: province.name.to_owned(),
        matched_former_name: matched.map(|f| format!("{}, {}, {}", f.name, f.district, f.province)),
        former: Vec::new(),
        former_provinces: Vec::new(),
    }
}

/// Provinces and communes. Without parameters: the 34 provinces.
#[utoipa::path(tag = "places", operation_id = "list_admin_units", params(Query), responses((status = 200, description = "Best match first", body = AdminUnits), (status = 304, description = "Unchanged")))]
#[get("/v1/admin-units")]
pub async fn list(request: HttpRequest, query: Params<Query>) -> Result<HttpResponse, Problem> {
    let Params(query) = query;
    let items = match (query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()), query.province.as_deref()) {
        (Some(typed), within) => find(typed, within, query.limit.unwrap_or(20))
            .into_iter()
            .map(|found| match found {
                Found::Province(province) => province_unit(province),
                Found::Commune(commune, former) => commune_unit(commune, former),
            })
            .collect(),
        (None, Some(code)) => {
            let unit = if query.former == Some(true) { with_former } else { commune_unit };
            communes_of(code).map(|commune| unit(commune, None)).collect()
        }
        (None, None) => {
            let unit = if query.former == Some(true) { with_former_provinces } else { province_unit };
            TABLE.provinces.iter().map(unit).collect()
        }
    };
    Ok(Ready::json(&AdminUnits { items }).map_err(Problem::internal)?.respond(&request, CACHE))
}

/// A unit by its code. A former commune's code leads to the one of today.
#[utoipa::path(tag = "places", operation_id = "show_admin_unit", params(("code" = String, Path, max_length = 10)), responses((status = 200, description = "The unit", body = AdminUnit), (status = 304, description = "Unchanged")))]
#[get("/v1/admin-units/{code}")]
pub async fn show(request: HttpRequest, code: Path<String>) -> Result<HttpResponse, Problem> {
    let unit = if let Some(found) = commune(&code).or_else(|| successor(&code)) {
        let matched = found.former.iter().find(|former| former.code == *code && found.code != *code);
        with_former(found, matched)
    } else {
        province_unit(province(&code).ok_or_else(|| Problem::new(&NOT_FOUND))?)
    };
    Ok(Ready::json(&unit).map_err(Problem::internal)?.respond(&request, CACHE))
}
