//! What the OpenAPI document says about every operation alike: how one signs in, and what errors look like.

use std::collections::HashSet;

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder, schema::Schema};
use utoipa::{PartialSchema, ToSchema};

use super::problem::{FieldErrorDocument, ProblemDocument};

/// Completes a document whose paths were collected from the routes.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ProblemDocument::name().into_owned(), ProblemDocument::schema());
    components.schemas.insert(FieldErrorDocument::name().into_owned(), FieldErrorDocument::schema());
    components.security_schemes.insert(
        "access_token".to_owned(),
        RefOr::T(SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some("The `access_token` of a sign-in."))
                .build(),
        )),
    );
    components.security_schemes.insert(
        "partner_key".to_owned(),
        RefOr::T(SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A partner's API key, `ocop_…`, with the scope the operation asks for."))
                .build(),
        )),
    );
    let problem = ResponseBuilder::new()
        .description("Refused; `code` tells why")
        .content("application/problem+json", Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name("Problem")))))
        .build();
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("4XX".to_owned(), RefOr::T(problem.clone()));
            // No requirement at all is said outright: an empty list, so that no operation is open by omission.
            operation.security.get_or_insert_default();
        }
    }
    drop_unused(document);
}

/// Generic pages carry their items inline; what nothing refers to any more would only puzzle readers.
fn drop_unused(document: &mut OpenApi) {
    loop {
        let Ok(text) = serde_json::to_string(document) else { return };
        let Some(components) = &mut document.components else { return };
        let before = components.schemas.len();
        let references = text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        let used: HashSet<&str> = references.collect();
        components.schemas.retain(|name, _| used.contains(name.as_str()));
        if components.schemas.len() == before {
            return;
        }
    }
}
