//! The routes. A worker only serves them; the OpenAPI document is written from the same list, once, by whoever asks for it.
//!
//! The framework tries one pattern after the other, each a regular expression: of hundreds, the last cost half a millisecond. So
//! they stand in groups by what their paths begin with, and a request looks into its own.

use actix_web::Scope;
use actix_web::dev::HttpServiceFactory;
use actix_web::guard::fn_guard;
use actix_web::web::{self, ServiceConfig};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::OpenApiFactory;

/// Routes whose paths are a beginning, or go on after it. All that begin so must stand here: nobody else is asked.
pub fn below(beginning: &'static str) -> Scope {
    web::scope("").guard(fn_guard(move |request| begins(request.head().uri.path(), beginning)))
}

fn begins(path: &str, beginning: &str) -> bool {
    path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How many parts stand between a beginning of many operations and the part by which they are told apart.
const PARTED: &[(&str, usize)] =
    &[("admin", 0), ("me", 0), ("officer", 0), ("business", 1), ("partner", 1), ("seller", 2)];

/// Where the API's operation stands: `/v1/seller/cooperatives/{id}/orders` with `seller`, and there with `orders`.
/// That part is a word in every operation, never a parameter (checked where all are known): a group is found by its name.
pub fn place(path: &str) -> Option<(&str, Option<&str>)> {
    let mut parts = path.strip_prefix("/v1/")?.split('/');
    let first = parts.next()?;
    let between = PARTED.iter().find(|(name, _)| *name == first);
    Some((first, between.and_then(|(_, between)| parts.nth(*between))))
}

/// An operation, whatever its type.
trait Placed {
    fn on_app(self: Box<Self>, app: &mut ServiceConfig);
    fn on_scope(self: Box<Self>, scope: Scope) -> Scope;
}

impl<T: HttpServiceFactory + 'static> Placed for T {
    fn on_app(self: Box<Self>, app: &mut ServiceConfig) {
        app.service(*self);
    }

    fn on_scope(self: Box<Self>, scope: Scope) -> Scope {
        scope.service(*self)
    }
}

#[derive(Default)]
struct Group {
    name: String,
    operations: Vec<Box<dyn Placed>>,
    parts: Vec<Group>,
}

impl Group {
    fn named<'g>(groups: &'g mut Vec<Self>, name: &str) -> &'g mut Self {
        let at = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
            groups.push(Self { name: name.to_owned(), ..Self::default() });
            groups.len() - 1
        });
        &mut groups[at]
    }

    fn scope(self, is_part: bool) -> Scope {
        let name = self.name;
        let scope = web::scope("").guard(fn_guard(move |request| {
            let place = place(request.head().uri.path());
            place.is_some_and(|(first, part)| if is_part { part == Some(&name) } else { first == name })
        }));
        let scope = self.parts.into_iter().fold(scope, |scope, part| scope.service(part.scope(true)));
        self.operations.into_iter().fold(scope, |scope, operation| operation.on_scope(scope))
    }
}

/// What slices add their operations to.
#[derive(Default)]
pub struct Routes<'a> {
    document: Option<&'a mut OpenApi>,
    groups: Vec<Group>,
    elsewhere: Vec<Box<dyn Placed>>,
}

impl<'a> Routes<'a> {
    /// Serves what the slices add.
    pub fn served(app: &mut ServiceConfig, slices: impl FnOnce(&mut Routes<'_>)) {
        let mut routes = Routes::default();
        slices(&mut routes);
        routes.elsewhere.into_iter().for_each(|operation| operation.on_app(app));
        let all = routes.groups.into_iter().fold(below("/v1"), |scope, group| scope.service(group.scope(false)));
        app.service(all);
    }

    /// Writes what the slices add into the document.
    pub fn written(document: &'a mut OpenApi, slices: impl FnOnce(&mut Self)) {
        slices(&mut Self { document: Some(document), ..Self::default() });
    }

    pub fn service<T>(&mut self, operation: T) -> &mut Self
    where
        T: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static,
    {
        if let Some(document) = &mut self.document {
            document.paths.merge(operation.paths());
            let mut schemas = Vec::new();
            operation.schemas(&mut schemas);
            document.components.get_or_insert_default().schemas.extend(schemas);
            return self;
        }
        let path = T::path();
        let operations = match place(&path) {
            Some((first, None)) => &mut Group::named(&mut self.groups, first).operations,
            Some((first, Some(part))) => {
                &mut Group::named(&mut Group::named(&mut self.groups, first).parts, part).operations
            }
            None => &mut self.elsewhere,
        };
        operations.push(Box::new(operation));
        self
    }

    pub fn configure(&mut self, slice: impl FnOnce(&mut Self)) -> &mut Self {
        slice(self);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_stands_where_a_request_for_it_looks() {
        let id = "018f-0";
        for (pattern, at) in [
            ("/v1/products/{slug}", Some(("products", None))),
            ("/v1/seller/cooperatives", Some(("seller", None))),
            ("/v1/seller/cooperatives/{id}", Some(("seller", None))),
            ("/v1/seller/cooperatives/{id}/orders/{order}/confirm", Some(("seller", Some("orders")))),
            ("/v1/partner/{id}/feeds", Some(("partner", Some("feeds")))),
            ("/v1/admin/terms/{name}", Some(("admin", Some("terms")))),
            ("/v1/me", Some(("me", None))),
            ("/oembed", None),
        ] {
            assert_eq!(place(pattern), at);
            let asked = pattern.replace("{id}", id);
            assert_eq!(place(&asked), at, "{asked}");
        }
        assert!(begins("/admin", "/admin") && begins("/admin/x", "/admin") && !begins("/administration", "/admin"));
    }
}
