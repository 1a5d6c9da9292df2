//! Calls to other people's servers: one client, with limits on time, size and redirects.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tracing::Instrument;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);

/// Chooses the cryptography of outgoing TLS; once, before the first client is made.
pub fn prepare_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// One for all of a kind, as each reads the machine's certificates when it is made.
fn kept(
    place: &OnceLock<reqwest::Client>,
    made: impl FnOnce() -> reqwest::Result<reqwest::Client>,
) -> anyhow::Result<reqwest::Client> {
    if let Some(client) = place.get() {
        return Ok(client.clone());
    }
    prepare_tls();
    let client = made()?;
    Ok(place.get_or_init(|| client).clone())
}

/// For providers named in the configuration.
pub fn client() -> anyhow::Result<reqwest::Client> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    kept(&CLIENT, || builder().build())
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent("cho-ocop")
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .redirect(reqwest::redirect::Policy::none())
}

/// Asks somebody else's server; how long it took, and of which, is told to a collector. Paths may hold tokens: they are not.
pub async fn send(asked: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    let (client, asked) = asked.build_split();
    let asked = asked?;
    let server = asked.url().host_str().unwrap_or_default();
    let span = tracing::info_span!(
        "call",
        otel.name = %format_args!("{} {server}", asked.method()),
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
        server.address = server,
    );
    let answered = client.execute(asked).instrument(span.clone()).await;
    match &answered {
        Ok(response) => span.record("http.response.status_code", response.status().as_u16()),
        Err(_) => span.record("otel.status_code", "error"),
    };
    answered
}

/// For addresses that users typed: names that resolve to private, loopback or link-local addresses are refused when
/// connecting, so that nobody reaches our own network through us.
pub fn guarded_client(allow_private: bool) -> anyhow::Result<reqwest::Client> {
    static GUARDED: OnceLock<reqwest::Client> = OnceLock::new();
    if allow_private {
        return client();
    }
    kept(&GUARDED, || builder().no_proxy().dns_resolver(Arc::new(PublicOnly)).build())
}

struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !is_public(address.ip())) {
                return Err(Box::from("resolves to an address that is not public"));
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the public internet. A URL with the address itself in it never asks the resolver, so
/// callers check those with this too.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_unspecified()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b == 18 || b == 19))
                || (a == 192 && b == 0))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                let [first, second, ..] = v6.segments();
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || first == 0
                    // Carried inside IPv6: 6to4, NAT64, Teredo.
                    || first == 0x2002
                    || (first == 0x64 && second == 0xff9b)
                    || (first == 0x2001 && second == 0))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_network_is_not_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
        for public in ["8.8.8.8", "113.160.0.1", "2606:4700::1111"] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }
}
