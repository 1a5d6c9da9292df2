//! The API's routes. A worker only serves them; the OpenAPI document is written from the same list, once, by whoever asks for it:
//! every worker used to write it at its start and throw it away.

use actix_web::dev::HttpServiceFactory;
use actix_web::web::ServiceConfig;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::OpenApiFactory;

/// What slices add their operations to.
pub struct Routes<'a> {
    app: &'a mut ServiceConfig,
    document: Option<&'a mut OpenApi>,
}

impl<'a> Routes<'a> {
    pub fn served(app: &'a mut ServiceConfig) -> Self {
        Self { app, document: None }
    }

    pub fn written(app: &'a mut ServiceConfig, document: &'a mut OpenApi) -> Self {
        Self { app, document: Some(document) }
    }

    pub fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        if let Some(document) = &mut self.document {
            document.paths.merge(operation.paths());
            let mut schemas = Vec::new();
            operation.schemas(&mut schemas);
            document.components.get_or_insert_default().schemas.extend(schemas);
        }
        self.app.service(operation);
        self
    }

    pub fn configure(&mut self, slice: impl FnOnce(&mut Self)) -> &mut Self {
        slice(self);
        self
    }
}
