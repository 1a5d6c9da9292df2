//! The ways to pay that are offered: one line each.

use crate::platform::outgoing;
use std::sync::Arc;

use entity::value::PaymentMethod;

use super::cash::Cash;
use super::momo::Momo;
use super::provider::Provider;
use super::vietqr::VietQr;
use super::vnpay::Vnpay;
use super::zalopay::Zalopay;
use crate::config::Config;

/// The providers that are configured.
pub struct Providers(Vec<Arc<dyn Provider>>);

impl Providers {
    pub fn registry(config: &Config) -> anyhow::Result<Self> {
        let http = outgoing::client()?;
        let mut all: Vec<Arc<dyn Provider>> = vec![Arc::new(Cash)];
        all.extend(VietQr::configured(config).map(|provider| Arc::new(provider) as Arc<dyn Provider>));
        all.extend(Vnpay::configured(config, &http).map(|provider| Arc::new(provider) as Arc<dyn Provider>));
        all.extend(Momo::configured(config, &http).map(|provider| Arc::new(provider) as Arc<dyn Provider>));
        all.extend(Zalopay::configured(config, &http).map(|provider| Arc::new(provider) as Arc<dyn Provider>));
        Ok(Self(all))
    }

    pub fn get(&self, method: PaymentMethod) -> Option<&Arc<dyn Provider>> {
        self.0.iter().find(|provider| provider.method() == method)
    }
}
