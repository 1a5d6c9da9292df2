//! Everything put together: the services of a process, the routes of every slice on one screen, the server.

mod declared;

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{Data, PathConfig};
use actix_web::{App, HttpServer};
use entity::value::AccountId;
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::OpenApi;
use uuid::Uuid;

pub use declared::{personal, sealed_columns};

use declared::{checked_columns, forgotten};

use crate::config::{Config, Environment};
use crate::media;
use crate::messaging::notification::{Mailer, Notifier};
use crate::messaging::reach::{Pusher, Reach};
use crate::messaging::texting::Texting;
use crate::messaging::webhooks::{Hooks, Postman};
use crate::messaging::{reach, texting, webhooks};
use crate::money::invoice::Clerk;
use crate::money::payment::{Providers, Till};
use crate::money::{invoice, payment, payout};
use crate::ocop::certificates::{self, Reminder};
use crate::ocop::traceability::scans::Scans;
use crate::ocop::{certification, figures, livelihood, offices, programme, traceability};
use crate::orders::attribution::Signer;
use crate::orders::fulfilment::{Booker, CancelParcels, Carriers};
use crate::orders::ordering::{self, Known, MergeOnSignIn, Sweeper};
use crate::orders::{dispute, fulfilment, recall, reports};
use crate::oversight::Gauges;
use crate::pages::{console, storefront};
use crate::people::desk::Desk;
use crate::people::identity::breached::Breached;
use crate::people::identity::{self, Keys, Passwords, SignInHook, SignedIn};
use crate::people::places;
use crate::people::privacy::{self, Shredder};
use crate::platform::background::{Background, Stop};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, Target};
use crate::platform::edge::{Edge, edge, spare_small_bodies};
use crate::platform::idempotency::Once;
use crate::platform::limits::Limit;
use crate::platform::objects::Objects;
use crate::platform::openapi;
use crate::platform::outbox::{Bell, Consumer, Worker};
use crate::platform::outgoing;
use crate::platform::personal::Declared;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::read_model::ReadModel;
use crate::platform::ready::Ready;
use crate::platform::retention::{Janitor, Over};
use crate::platform::routing::Routes;
use crate::platform::sealing::{check_keys, seal_what_is_clear};
use crate::platform::telemetry;
use crate::platform::templates;
use crate::service::{self, AuthLimit};
use crate::shop::catalogue::{self, Catalogue};
use crate::shop::selling::PriceClock;
use crate::shop::selling::imports::Importer;
use crate::shop::{delivery, favourites, inventory, promotion, reviews, selling};
use crate::supply::{buyers, deliveries, export, requests, storage, wholesale};
use crate::swagger;
use crate::tourism::Guide;
use crate::tourism::sites::Looker;
use crate::{ledger, oversight, tourism};

/// Every route of the API, slice by slice. In a group of theirs (`platform::routing`) routes are tried in this order.
pub fn routes(config: &mut Routes<'_>) {
    catalogue::routes(config);
    tourism::public_routes(config);
    ordering::routes(config);
    identity::routes(config);
    privacy::routes(config);
    places::routes(config);
    offices::routes(config);
    media::routes(config);
    tourism::routes(config);
    delivery::routes(config);
    ledger::routes(config);
    promotion::routes(config);
    payment::routes(config);
    payout::routes(config);
    dispute::routes(config);
    recall::routes(config);
    certificates::routes(config);
    certification::routes(config);
    figures::routes(config);
    livelihood::routes(config);
    programme::routes(config);
    buyers::routes(config);
    requests::routes(config);
    deliveries::routes(config);
    storage::routes(config);
    export::routes(config);
    wholesale::routes(config);
    invoice::routes(config);
    fulfilment::routes(config);
    selling::routes(config);
    inventory::routes(config);
    traceability::routes(config);
    reviews::routes(config);
    favourites::routes(config);
    reports::routes(config);
    reach::routes(config);
    texting::routes(config);
    webhooks::routes(config);
    oversight::routes(config);
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Chợ OCOP",
        description = "The marketplace of Vietnam's One Commune One Product programme. Errors are problem+json (RFC 9457) with a stable `code`; money is in đồng.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "auth", description = "Sign up, sign in, stay signed in"),
        (name = "me", description = "One's own account"),
        (name = "offices", description = "Offices of communes, provinces and the ministry, and their people"),
        (name = "places", description = "Provinces and communes, today's and former"),
        (name = "catalogue", description = "What is on sale"),
        (name = "tourism", description = "Destinations, partners' feeds and widgets"),
        (name = "partner", description = "What partners do: sites, feeds, keys, reports, boxes"),
        (name = "carts", description = "Baskets and quotes"),
        (name = "checkout", description = "Buying"),
        (name = "payments", description = "Paying, and what providers report"),
        (name = "orders", description = "The buyer's orders"),
        (name = "seller", description = "A cooperative's shop"),
        (name = "business", description = "Buying in quantity: organisations, their requests, cooperatives' offers, and who supplies how much"),
        (name = "programme", description = "Plans, courses, support, difficulties and help, jobs and income, and figures by commune"),
        (name = "recognition", description = "Stars: criteria, dossiers, councils, decisions, and the register of what is recognised"),
        (name = "traceability", description = "From the box back to the tree: plots, events, codes"),
        (name = "recalls", description = "Taking lots back from the market"),
        (name = "applications", description = "Applying to sell"),
        (name = "admin", description = "What the platform's people decide"),
        (name = "carriers", description = "What carriers report"),
    )
)]
struct Document;

/// The OpenAPI document, generated from the routes.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    Routes::written(&mut document, routes);
    openapi::complete(&mut document);
    document
}

/// What a process works with, whichever command it runs.
pub struct Services {
    pub config: Config,
    pub clock: Clock,
    pub db: Db,
    pub objects: Objects,
    pub passwords: Passwords,
    /// What works beside the requests.
    pub background: Background,
}

impl Services {
    /// Connects, and brings the schema up to date.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let clock = Clock::ahead_by(config.clock_ahead_seconds);
        let url = config.database_url();
        let target =
            Target { url: &url, read_url: config.read_database_url(), connections: config.database_connections };
        config.keyring()?.install();
        let mut db = Db::connect(&target).await?;
        if let Some(path) = config.statement_log.as_deref().filter(|_| config.env == Environment::Development) {
            db.record(path)?;
        }
        db.migrate().await?;
        check_keys(&db, &checked_columns()).await?;
        db.refresh_statistics().await?;
        let objects = config.objects()?;
        let breached = config.breached_passwords.as_deref().map(Breached::open).transpose()?;
        let passwords = Passwords::new(breached, config.password_memory_kib)?;
        Ok(Self { clock, db, objects, passwords, config, background: Background::default() })
    }

    pub async fn catalogue(&self) -> anyhow::Result<Arc<Catalogue>> {
        let index = self.config.data_dir.join("search");
        Catalogue::open(self.db.clone(), self.clock, self.config.base_url(), &index, &self.background).await
    }
}

/// What every request may ask for.
#[derive(Clone)]
struct Shared {
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    objects: Data<Objects>,
    passwords: Data<Passwords>,
    catalogue: Data<Catalogue>,
    read_model: Data<ReadModel>,
    bell: Data<Bell>,
    known: Data<Known>,
    carriers: Data<Carriers>,
    till: Data<Till>,
    signer: Data<Signer>,
    guide: Data<Guide>,
    looker: Data<Looker>,
    keys: Data<Keys>,
    hook: Data<SignInHook>,
    edge: Data<Edge>,
    auth_limit: Data<AuthLimit>,
    document: Data<service::Document>,
    metrics: Data<PrometheusHandle>,
    reach: Data<Reach>,
    scans: Data<Scans>,
    stories: Data<storefront::Stories>,
    personal: Data<Declared>,
    over: Data<Vec<Over>>,
}

impl Shared {
    async fn open(services: Services, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let catalogue = services.catalogue().await?;
        let Services { config, clock, db, objects, passwords, background } = services;
        config.read_terms(db.fresh()).await?;
        let secrets = config.secret_keys()?;
        let signer = Arc::new(Signer::new(&secrets));
        let guide = Guide::open(db.clone(), clock, catalogue.clone(), signer.clone(), &config, &background).await?;
        let hook: SignInHook = Arc::new(MergeOnSignIn { db: db.clone(), clock });
        let edge = Edge {
            trust_proxy: config.trust_proxy,
            limit: Limit::per_second(config.rate_limit_per_second),
            https: config.is_https(),
            strict_transport: config.env == Environment::Production && config.is_https(),
        };
        let auth_limit = AuthLimit(Limit::per_minute(config.auth_rate_limit_per_minute));
        let providers = Arc::new(Providers::registry(&config)?);
        let carriers = Data::new(Carriers::registry(&config)?);
        let looker = Looker(outgoing::guarded_client(config.webhooks_allow_private)?);
        let (read_model, bell) = (ReadModel::new(catalogue.clone()), Data::new(Bell::default()));
        let config = Data::new(config);
        let till = Till {
            db: db.clone(),
            clock,
            read_model: read_model.clone(),
            bell: bell.clone(),
            config: config.clone(),
            providers,
        };
        Ok(Self {
            reach: Data::new(Reach::new(db.clone())),
            db: Data::new(db),
            clock: Data::new(clock),
            objects: Data::new(objects),
            passwords: Data::new(passwords),
            catalogue: Data::from(catalogue),
            read_model: Data::new(read_model),
            bell,
            known: Data::new(Known::new(Duration::from_secs(60 * u64::from(config.quote_minutes)))),
            carriers,
            till: Data::new(till),
            signer: Data::from(signer),
            guide: Data::from(guide),
            looker: Data::new(looker),
            keys: Data::new(Keys::new(&secrets)?),
            hook: Data::new(hook),
            edge: Data::new(edge),
            auth_limit: Data::new(auth_limit),
            document: Data::new(service::Document::new(|| Ok(Ready::bytes(document().to_json()?)))),
            metrics: Data::new(metrics),
            scans: Data::default(),
            stories: Data::default(),
            personal: Data::new(personal()),
            over: Data::new(forgotten()),
            config,
        })
    }

    /// Hands everything to the requests' extractors.
    fn lend(&self, app: &mut actix_web::web::ServiceConfig) {
        app.app_data(self.db.clone())
            .app_data(self.clock.clone())
            .app_data(self.config.clone())
            .app_data(self.objects.clone())
            .app_data(self.passwords.clone())
            .app_data(self.catalogue.clone())
            .app_data(self.read_model.clone())
            .app_data(self.bell.clone())
            .app_data(self.known.clone())
            .app_data(self.carriers.clone())
            .app_data(self.till.clone())
            .app_data(self.signer.clone())
            .app_data(self.guide.clone())
            .app_data(self.looker.clone())
            .app_data(self.keys.clone())
            .app_data(self.hook.clone())
            .app_data(self.edge.clone())
            .app_data(self.auth_limit.clone())
            .app_data(self.document.clone())
            .app_data(self.metrics.clone())
            .app_data(self.reach.clone())
            .app_data(self.scans.clone())
            .app_data(self.stories.clone())
            .app_data(self.personal.clone())
            .app_data(self.over.clone());
    }

    /// The desk of work that nobody signed in for.
    fn desk(&self) -> Desk {
        Desk {
            db: self.db.clone(),
            clock: self.clock.clone(),
            read_model: self.read_model.clone(),
            bell: self.bell.clone(),
            objects: self.objects.clone(),
            config: self.config.clone(),
            who: SignedIn::plain(AccountId(Uuid::nil())),
            once: Once::default(),
        }
    }

    /// Starts what works beside the requests.
    fn work(&self, background: &Background) -> anyhow::Result<()> {
        let (db, clock, config) = (self.db.get_ref().clone(), *self.clock.get_ref(), &self.config);
        let worker = Worker { db: db.clone(), clock, bell: self.bell.clone(), consumers: self.consumers()? };
        background.spawn(|stop| worker.run(stop));
        let (http, allow_private) = (self.looker.0.clone(), config.webhooks_allow_private);
        let postman = Postman { db: db.clone(), clock, http, allow_private };
        background.spawn(|stop| postman.run(stop));
        let (read_model, bell) = (self.read_model.get_ref().clone(), self.bell.clone());
        let prices = PriceClock { db: db.clone(), clock, read_model: read_model.clone(), bell: bell.clone() };
        background.spawn(|stop| prices.run(stop));
        let reminder = Reminder { db: db.clone(), clock, bell: bell.clone() };
        background.spawn(|stop| reminder.run(stop));
        let stars = certification::Reminder { db: db.clone(), clock, bell: bell.clone() };
        background.spawn(|stop| stars.run(stop));
        let booker = Booker { db: db.clone(), clock, carriers: self.carriers.clone().into_inner() };
        background.spawn(|stop| booker.run(stop));
        let clerk = deliveries::Clerk { db: db.clone(), clock, read_model: read_model.clone(), bell: bell.clone() };
        background.spawn(|stop| clerk.run(stop));
        let keeper = storage::Clerk { db: db.clone(), clock, bell: bell.clone() };
        background.spawn(|stop| keeper.run(stop));
        let catalogue = self.catalogue.clone();
        let watcher = favourites::Watcher { db: db.clone(), clock, catalogue, bell: bell.clone() };
        background.spawn(|stop| watcher.run(stop));
        let sweeper = Sweeper { db: db.clone(), clock, read_model, bell, config: config.clone() };
        background.spawn(|stop| sweeper.run(stop));
        let (terms, asked) = (config.clone(), db.clone());
        background.spawn(|stop| async move { terms.follow_terms(asked, stop).await });
        let objects = self.objects.clone().into_inner();
        let janitor = Janitor { db: db.clone(), clock, objects, over: forgotten() };
        background.spawn(|stop| janitor.run(stop));
        let gauges = Gauges { db: db.clone(), clock };
        background.spawn(|stop| gauges.run(stop));
        let metrics = self.metrics.get_ref().clone();
        background.spawn(|stop| telemetry::keep_up(metrics, stop));
        let limits = (self.edge.clone(), self.auth_limit.clone());
        background.spawn(|stop| forget_quiet_clients(limits.0, limits.1, stop));
        let (replicated, lag) = (db.clone(), config.read_lag());
        background.spawn(move |stop| replicated.watch_replica(lag, stop));
        background.spawn(|stop| db.keep_statistics(clock, stop));
        let unsealed = self.db.get_ref().clone();
        background.spawn(|_| seal_what_is_clear(unsealed, sealed_columns()));
        let importer = Importer { desk: self.desk() };
        background.spawn(|stop| importer.run(stop));
        let (scans, counted) = (self.scans.clone().into_inner(), self.db.get_ref().clone());
        background.spawn(|stop| async move { scans.run(counted, clock, stop).await });
        let cashier = self.till.get_ref().clone();
        background.spawn(|stop| cashier.run(stop));
        Ok(())
    }

    /// Who hears of what happened.
    fn consumers(&self) -> anyhow::Result<Vec<Arc<dyn Consumer>>> {
        let (db, clock, config) = (self.db.get_ref().clone(), *self.clock.get_ref(), &self.config);
        let mailer = Arc::new(Mailer::new(config, Texting::new(config, db.clone())?)?);
        let carriers = self.carriers.clone().into_inner();
        Ok(vec![
            Arc::new(Notifier {
                db: db.clone(),
                clock,
                mailer,
                base_url: config.base_url(),
                reach: self.reach.get_ref().clone(),
            }),
            Pusher::new(config, db.clone(), clock)?,
            Arc::new(CancelParcels { db: db.clone(), clock, carriers }),
            Arc::new(Hooks { db: db.clone(), clock, guide: self.guide.clone().into_inner() }),
            Arc::new(Shredder {
                db: db.clone(),
                objects: self.objects.clone().into_inner(),
                mails: config.data_dir.join("mail"),
            }),
            Arc::new(Clerk { db, clock, provider: Arc::new(invoice::Local) }),
        ])
    }
}

/// Starts serving. Signals are the caller's to hear: the work beside the requests is to end before the server does.
pub async fn serve(services: Services, metrics: PrometheusHandle) -> anyhow::Result<Server> {
    crate::platform::fault::choose(services.config.fault.as_deref());
    let background = services.background.clone();
    let shared = Shared::open(services, metrics).await?;
    shared.work(&background)?;
    let (listen, workers) = (shared.config.listen, shared.config.workers);
    let mut server = HttpServer::new(move || {
        let paths = PathConfig::default().error_handler(|_, _| Problem::new(&NOT_FOUND).into());
        App::new()
            .configure(|app| shared.lend(app))
            .app_data(paths)
            // First of all, as no reference may be slowed down by the routes before it.
            .service(service::bench)
            .configure(storefront::first)
            .configure(|app| Routes::served(app, routes))
            .configure(service::routes)
            .configure(swagger::routes)
            .configure(templates::routes)
            .configure(tourism::pages)
            .configure(console::routes)
            .configure(storefront::routes)
            .default_service(actix_web::web::to(nothing_here))
            .wrap(from_fn(service::limit_auth))
            .wrap(from_fn(spare_small_bodies))
            .wrap(Compress::default())
            .wrap(cors(&shared.config))
            .wrap(from_fn(edge))
    })
    .disable_signals()
    .shutdown_timeout(30)
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(10));
    if workers > 0 {
        server = server.workers(workers);
    }
    let server = server.bind(listen).map_err(|error| anyhow::anyhow!("cannot listen on {listen}: {error}"))?;
    tracing::info!(%listen, "serving");
    Ok(server.run())
}

async fn nothing_here() -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem::new(&NOT_FOUND))
}

/// Which pages of other sites may call the API. There are no cookies, so this guards no session.
fn cors(config: &Config) -> actix_cors::Cors {
    let mut cors = actix_cors::Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT_LANGUAGE, header::IF_NONE_MATCH])
        .allowed_headers(["idempotency-key", "x-cart-token", "x-request-id"].map(HeaderName::from_static))
        .expose_headers(["etag", "link", "retry-after", "ratelimit", "x-request-id"].map(HeaderName::from_static))
        .max_age(3600);
    for origin in config.cors_origins.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
        cors = if origin == "*" { cors.allow_any_origin() } else { cors.allowed_origin(origin) };
    }
    cors
}

async fn forget_quiet_clients(edge: Data<Edge>, auth: Data<AuthLimit>, stop: Stop) {
    while stop.pause(Duration::from_mins(1)).await {
        if let Some(limit) = &edge.limit {
            limit.sweep();
        }
        if let Some(limit) = &auth.0 {
            limit.sweep();
        }
    }
}
