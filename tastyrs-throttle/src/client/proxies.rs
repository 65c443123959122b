//! Whose word is believed about where a request came from.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use crate::errors::{Error, Result};

/// The networks of the proxies in front of a server: their word about the hop before them is
/// believed.
///
/// A clone is the same list. Looking an address up takes a step for each doubling of the list.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::TrustedProxies;
///
/// # fn main() -> tastyrs_throttle::Result<()> {
/// let proxies = TrustedProxies::new(["10.0.0.0/8", "2001:db8::/32", "::1"])?;
///
/// assert!(proxies.contains([10, 1, 2, 3].into()));
/// assert!(!proxies.contains([192, 0, 2, 1].into()));
/// assert!(TrustedProxies::new(["10.0.0.1/8"]).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    /// Apart from one another, and in order.
    networks: Arc<[IpNet]>,
    /// Whether what has no address is trusted, as a connection through a socket in the file system.
    unix: bool,
}

impl TrustedProxies {
    /// Trusts these: networks such as `10.0.0.0/8`, single addresses such as `::1`, and `unix`
    /// for connections that have no address.
    ///
    /// A network of IPv4 addresses written as IPv6, `::ffff:10.0.0.0/104`, is that of IPv4.
    ///
    /// # Errors
    ///
    /// [`Error::Network`] where a text is none of these, or has bits behind its prefix, as
    /// `10.0.0.1/8` has: it leaves open whether one address was meant or all of them.
    pub fn new<N: AsRef<str>>(networks: impl IntoIterator<Item = N>) -> Result<Self> {
        let mut read = Vec::new();
        let mut unix = false;
        for text in networks {
            match text.as_ref().trim() {
                "unix" => unix = true,
                text => read.push(network(text)?),
            }
        }
        let mut networks = IpNet::aggregate(&read);
        networks.sort_unstable_by_key(IpNet::network);
        Ok(Self {
            networks: networks.into(),
            unix,
        })
    }

    /// Says whether an address is that of a trusted proxy; an IPv4 address counts as one however
    /// it is written.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let behind = self
            .networks
            .partition_point(|network| network.network() <= address);
        let before = behind
            .checked_sub(1)
            .and_then(|place| self.networks.get(place));
        before.is_some_and(|network| network.contains(&address))
    }

    /// Says the same of the other end of a connection, which may have no address.
    pub(super) fn contains_peer(&self, peer: Option<IpAddr>) -> bool {
        peer.map_or(self.unix, |peer| self.contains(peer))
    }
}

fn network(text: &str) -> Result<IpNet> {
    let wrong = |expected| Error::Network {
        text: text.to_owned(),
        expected,
    };
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| {
            wrong("an address such as `::1`, a network such as `10.0.0.0/8`, or `unix`")
        })?,
    };
    if network.addr() != network.network() {
        return Err(wrong(
            "a network without bits behind its prefix, or an address without a prefix",
        ));
    }
    let IpNet::V6(six) = network else {
        return Ok(network);
    };
    let Some(mapped) = six.addr().to_ipv4_mapped() else {
        return Ok(network);
    };
    let prefix = six.prefix_len().checked_sub(96);
    let four = prefix.and_then(|prefix| Ipv4Net::new(mapped, prefix).ok());
    four.map(IpNet::V4)
        .ok_or_else(|| wrong("a prefix of at least 96 behind an IPv4 address written as IPv6"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(networks: &[&str], address: &str) -> bool {
        let proxies = TrustedProxies::new(networks).unwrap();
        proxies.contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let networks = [
            "10.0.0.0/8",
            " 192.0.2.7 ",
            "2001:db8::/32",
            "::1",
            "172.16.0.0/12",
            "10.3.0.0/16",
        ];

        for address in [
            "10.0.0.0",
            "10.3.4.5",
            "10.255.255.255",
            "192.0.2.7",
            "2001:db8:ffff::1",
            "::1",
            "172.31.0.1",
            "::ffff:10.1.1.1",
        ] {
            assert!(contains(&networks, address), "{address}");
        }
        for address in [
            "9.255.255.255",
            "11.0.0.0",
            "192.0.2.6",
            "192.0.2.8",
            "2001:db9::",
            "::2",
            "::",
            "172.32.0.1",
            "::10.1.1.1",
            "0.0.0.1",
        ] {
            assert!(!contains(&networks, address), "{address}");
        }
        assert!(!contains(&[], "127.0.0.1"));
    }

    #[test]
    fn all_addresses_can_be_trusted() {
        assert!(contains(&["0.0.0.0/0"], "203.0.113.9"));
        assert!(!contains(&["0.0.0.0/0"], "2001:db8::1"));
        assert!(contains(&["::/0"], "2001:db8::1"));
        assert!(!contains(&["::/0"], "203.0.113.9"));
        assert!(contains(&["::ffff:0.0.0.0/96"], "203.0.113.9"));
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_that_of_ipv4() {
        assert!(contains(&["::ffff:10.0.0.0/104"], "10.9.9.9"));
        assert!(contains(&["::ffff:10.0.0.7"], "10.0.0.7"));
        assert!(contains(&["10.0.0.7"], "::ffff:10.0.0.7"));
        assert!(!contains(&["::ffff:10.0.0.7"], "10.0.0.8"));
    }

    #[test]
    fn what_has_no_address_is_trusted_where_that_was_said() {
        let local = TrustedProxies::new(["unix"]).unwrap();

        assert!(local.contains_peer(None));
        assert!(!local.contains([127, 0, 0, 1].into()));
        assert!(
            !TrustedProxies::new(["0.0.0.0/0"])
                .unwrap()
                .contains_peer(None)
        );
    }

    #[test]
    fn a_text_that_leaves_open_what_is_meant_is_refused_by_name() {
        for text in [
            "",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.1/8",
            "2001:db8::1/32",
            "::1/129",
            "fe80::1%eth0",
            "[::1]",
            "10.0.0.0/255.0.0.0",
            "localhost",
            "*",
            "::ffff:0:0/95",
            "::ffff:10.0.0.1/104",
        ] {
            let wrong = TrustedProxies::new(["127.0.0.1", text]).unwrap_err();

            assert!(matches!(wrong, Error::Network { .. }), "{text}");
            assert!(wrong.to_string().contains(&format!("`{text}`")), "{wrong}");
        }
    }
}
