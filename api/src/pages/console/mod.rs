//! The seller console, and the partners' pages (`partner`): made on the server, for a small phone on a slow line.
//!
//! Every essential step is a link or a form and works without scripts; htmx makes some of them smoother. Sessions are
//! cookies, forms carry the session's secret, and the content policy lets nothing in from elsewhere. The pages do nothing
//! of their own: they call what the API calls.

mod admin;
mod answer;
mod business;
mod buying;
mod certificates;
mod deliveries;
mod design;
mod doors;
mod dossiers;
mod drawings;
mod entry;
mod export;
mod help;
mod imports;
mod income;
mod lot;
mod lots;
mod officer;
mod officer_figures;
mod officer_plans;
mod officer_support;
mod orders;
mod partner;
mod people;
mod plots;
mod products;
mod programme;
mod recalls;
mod receptions;
mod render;
mod requests;
mod stock;
mod storage;
mod team;
mod today;
mod wholesale;
mod words;

use actix_web::web::ServiceConfig;

use crate::platform::routing::below;
pub use doors::doors;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(design::on_design)
        .service(people::on_own)
        .service(below("/console").configure(cooperatives_routes))
        .service(below("/business").configure(buyers_routes))
        .service(below("/partner").configure(partner::routes))
        .service(below("/officer").configure(officers_routes))
        .service(below("/admin").configure(admin::routes));
}

fn buyers_routes(config: &mut ServiceConfig) {
    business::routes(config);
    deliveries::buyers_routes(config);
    wholesale::routes(config);
}

fn officers_routes(config: &mut ServiceConfig) {
    officer::routes(config);
    officer_figures::routes(config);
    officer_plans::routes(config);
    officer_support::routes(config);
}

fn cooperatives_routes(config: &mut ServiceConfig) {
    config
        .service(render::script)
        .service(render::copy_script)
        .service(entry::front)
        .service(entry::login_page)
        .service(entry::login)
        .service(entry::register_page)
        .service(entry::register)
        .service(entry::verify_page)
        .service(entry::verify)
        .service(entry::logout)
        .service(entry::set_language)
        .service(entry::set_shop)
        .service(entry::apply_page)
        .service(entry::apply)
        .service(entry::join_page)
        .service(entry::join)
        .service(today::on_show)
        .service(today::on_decide_return)
        .service(orders::on_list)
        .service(orders::on_bulk)
        .service(orders::on_pack_list)
        .service(orders::on_show)
        .service(orders::on_step)
        .service(orders::on_note)
        .service(orders::on_label)
        .service(stock::on_list)
        .service(stock::on_change)
        .service(products::on_list)
        .service(products::on_new_page)
        .service(products::on_create)
        .service(products::on_show)
        .service(products::on_save)
        .service(imports::on_list)
        .service(imports::on_template)
        .service(imports::on_create)
        .service(imports::on_show)
        .service(imports::on_act)
        .service(imports::on_export)
        .service(lots::on_list)
        .service(lots::on_create)
        .service(lots::on_write_off)
        .service(lot::on_show)
        .service(lot::on_labels)
        .service(lot::on_observe)
        .service(lot::on_correct)
        .service(recalls::on_list)
        .service(recalls::on_raise)
        .service(recalls::on_report)
        .service(recalls::on_show)
        .service(recalls::on_confirm)
        .service(recalls::on_refund)
        .service(recalls::on_settle)
        .service(lots::on_discount)
        .service(certificates::on_list)
        .service(certificates::on_enter)
        .service(certificates::on_file)
        .service(certificates::on_withdraw)
        .service(plots::on_list)
        .service(plots::on_template)
        .service(plots::on_import)
        .service(plots::on_create)
        .service(plots::on_show)
        .service(plots::on_write)
        .service(plots::on_withdraw)
        .service(team::on_show)
        .service(team::on_act)
        .service(receptions::on_list)
        .service(receptions::on_change)
        .service(income::on_show)
        .service(income::on_statement);
    dossiers::routes(config);
    people::routes(config);
    programme::routes(config);
    deliveries::routes(config);
    storage::routes(config);
    export::routes(config);
    requests::routes(config);
}
