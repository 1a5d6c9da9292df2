//! The carriers that may be booked: one line each.

use std::collections::HashMap;
use std::sync::Arc;

use entity::value::Carrier;

use super::carrier::{CarrierApi, Http};
use super::{ghn, ghtk, viettel_post};
use crate::config::Config;
use crate::platform::outgoing;

/// Every carrier with a network, by name. Own delivery and pick-up need none.
pub struct Carriers(HashMap<Carrier, Arc<dyn CarrierApi>>);

impl Carriers {
    pub fn registry(config: &Config) -> anyhow::Result<Self> {
        let http = Http(outgoing::client()?);
        let mut known: HashMap<Carrier, Arc<dyn CarrierApi>> = HashMap::new();
        known.insert(Carrier::Ghn, Arc::new(ghn::Ghn { http: http.clone(), base: config.ghn_url.clone() }));
        known.insert(Carrier::Ghtk, Arc::new(ghtk::Ghtk { http: http.clone(), base: config.ghtk_url.clone() }));
        let base = config.viettel_post_url.clone();
        known.insert(Carrier::ViettelPost, Arc::new(viettel_post::ViettelPost { http, base }));
        Ok(Self(known))
    }

    pub fn get(&self, carrier: Carrier) -> Option<Arc<dyn CarrierApi>> {
        self.0.get(&carrier).cloned()
    }
}
