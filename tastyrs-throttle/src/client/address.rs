//! The address of a caller, and the key by which it is counted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address_key::AddressKey;
use super::hops::{ForwardedHeader, Hop};
use super::proxies::TrustedProxies;
use crate::errors::{Error, Result};

/// The most places of a list that are looked at, from the right.
const MOST_HOPS: usize = 32;

/// Finds the address of a caller, as far as it can be believed, and the key by which it is
/// counted.
///
/// Unless proxies are named, a caller has the address of their connection, and headers say
/// nothing. Where the connection comes from a trusted proxy, the header that it writes is read
/// from the right: as long as a hop is a trusted proxy too, its word about the hop before it is
/// believed, and the first that is not trusted is the caller. So whatever a client writes into
/// the header itself stands left of where the reading ends.
///
/// A hop that cannot be read, because it is hidden, `unknown` or garbage, ends the reading: the
/// caller has the address of the last trusted proxy that is known. So does the end of the list, and
/// a chain of more than 32.
///
/// A caller of IPv4 is counted by their whole address, one of IPv6 by its first 64 bits: who has
/// one such address mostly has the whole network, and could call from each of 2^64. An IPv4 address
/// that is written as IPv6, `::ffff:192.0.2.1`, is that of IPv4 everywhere.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{ClientAddress, TrustedProxies};
///
/// # fn main() -> tastyrs_throttle::Result<()> {
/// let clients = ClientAddress::new().trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?);
/// let proxy = Some([10, 0, 0, 7].into());
///
/// let client = clients.of(proxy, ["198.51.100.9, 192.0.2.1", "10.0.0.8"]);
/// assert_eq!(client, Some([192, 0, 2, 1].into()));
///
/// // Whoever is no proxy of ours may claim what they like.
/// let stranger = Some([192, 0, 2, 1].into());
/// assert_eq!(clients.of(stranger, ["198.51.100.9"]), stranger);
///
/// let six = "2001:db8:1:2:3:4:5:6".parse().ok();
/// assert_eq!(clients.key(six), "2001:db8:1:2::");
/// assert_eq!(clients.key(client), "192.0.2.1");
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// Tastypie takes `REMOTE_ADDR`, the address of the connection, `authentication.py:105`.
#[derive(Clone, Debug)]
pub struct ClientAddress {
    proxies: TrustedProxies,
    header: ForwardedHeader,
    ipv4_prefix: u8,
    ipv6_prefix: u8,
}

impl Default for ClientAddress {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientAddress {
    /// Trusts nobody; counts IPv4 by 32 bits and IPv6 by 64.
    pub fn new() -> Self {
        Self {
            proxies: TrustedProxies::default(),
            header: ForwardedHeader::default(),
            ipv4_prefix: 32,
            ipv6_prefix: 64,
        }
    }

    /// Names the proxies whose word is believed.
    ///
    /// Each of them must add to the header what address it was called from, or write the header
    /// anew. One that passes it on as it came lets its callers say who they are.
    #[must_use]
    pub fn trusted_proxies(self, proxies: TrustedProxies) -> Self {
        Self { proxies, ..self }
    }

    /// Sets which header the proxies write; `X-Forwarded-For` unless said otherwise.
    #[must_use]
    pub fn header(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Sets by how many of its first bits an IPv4 address is counted, 32 unless said otherwise;
    /// with 0 all of them count together.
    ///
    /// # Errors
    ///
    /// [`Error::Prefix`] for more than 32.
    pub fn ipv4_prefix(self, bits: u8) -> Result<Self> {
        Ok(Self {
            ipv4_prefix: checked("ipv4_prefix", bits, 32, "at most 32")?,
            ..self
        })
    }

    /// Sets by how many of its first bits an IPv6 address is counted, 64 unless said otherwise:
    /// 56 or 48 where one customer has so much, 128 where each address is a caller.
    ///
    /// # Errors
    ///
    /// [`Error::Prefix`] for more than 128.
    pub fn ipv6_prefix(self, bits: u8) -> Result<Self> {
        Ok(Self {
            ipv6_prefix: checked("ipv6_prefix", bits, 128, "at most 128")?,
            ..self
        })
    }

    /// The header whose lines [`of`](Self::of) reads.
    pub fn forwarded_header(&self) -> ForwardedHeader {
        self.header
    }

    /// Finds the address of a caller from that of the connection, `peer`, and the lines of the
    /// [header](Self::forwarded_header), in the order in which they were sent. Several lines are
    /// one list.
    ///
    /// Nothing is found where the connection has no address, as through a socket in the file
    /// system, and its proxy said none that can be read.
    ///
    /// At most 32 hops of at most 1,024 bytes are looked at, however long the header is, and none
    /// where the peer is not trusted.
    pub fn of<L>(&self, peer: Option<IpAddr>, lines: L) -> Option<IpAddr>
    where
        L: IntoIterator<IntoIter: DoubleEndedIterator>,
        L::Item: AsRef<[u8]>,
    {
        let mut known = peer.map(|peer| peer.to_canonical());
        if !self.proxies.contains_peer(known) {
            return known;
        }
        let mut looks = 0;
        for line in lines.into_iter().rev() {
            let mut rest = Some(line.as_ref());
            while let Some(line) = rest {
                looks += 1;
                if looks > MOST_HOPS {
                    return known;
                }
                let (hop, before) = self.header.last_hop(line);
                rest = before;
                match hop {
                    Hop::Empty => {}
                    Hop::Hidden => return known,
                    Hop::At(address) => {
                        known = Some(address);
                        if !self.proxies.contains(address) {
                            return known;
                        }
                    }
                }
            }
        }
        known
    }

    /// The key by which a caller is counted: `192.0.2.1`, the network `2001:db8:1:2::`, or
    /// `noaddr` for one without an address.
    pub fn key(&self, client: Option<IpAddr>) -> String {
        self.address_key(client).as_str().to_owned()
    }

    /// The same, in place.
    pub(crate) fn address_key(&self, client: Option<IpAddr>) -> AddressKey {
        let mut key = AddressKey::default();
        match client.map(|client| client.to_canonical()) {
            None => key.push_str("noaddr"),
            Some(IpAddr::V4(address)) => {
                let behind = u32::from(32_u8.saturating_sub(self.ipv4_prefix));
                let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
                key.push_dotted(Ipv4Addr::from_bits(address.to_bits() & mask));
            }
            Some(IpAddr::V6(address)) => {
                let behind = u32::from(128_u8.saturating_sub(self.ipv6_prefix));
                let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
                let network = Ipv6Addr::from_bits(address.to_bits() & mask);
                key.push_network(network, self.ipv6_prefix);
            }
        }
        key
    }
}

fn checked(setting: &'static str, bits: u8, most: u8, expected: &'static str) -> Result<u8> {
    if bits <= most {
        return Ok(bits);
    }
    Err(Error::Prefix {
        setting,
        value: bits,
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    /// What is found behind proxies in 10.0.0.0/8, of which 10.0.0.1 calls.
    fn found(header: ForwardedHeader, lines: &[&str]) -> String {
        let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
        let clients = ClientAddress::new().trusted_proxies(proxies).header(header);
        let client = clients.of(address("10.0.0.1"), lines);
        client.unwrap().to_string()
    }

    fn found_for(lines: &[&str]) -> String {
        found(ForwardedHeader::XForwardedFor, lines)
    }

    #[test]
    fn the_first_hop_from_the_right_that_is_not_trusted_is_the_caller() {
        assert_eq!(found_for(&["192.0.2.1"]), "192.0.2.1");
        assert_eq!(found_for(&["8.8.8.8, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(found_for(&["8.8.8.8, 192.0.2.1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(found_for(&["10.9.9.9, 192.0.2.1:1"]), "192.0.2.1");
        assert_eq!(
            found_for(&["8.8.8.8", "192.0.2.1", ", ,", "10.0.0.2,10.0.0.3 "]),
            "192.0.2.1"
        );
        assert_eq!(
            found(
                ForwardedHeader::Forwarded,
                &[
                    "for=8.8.8.8, For=\"[2001:db8::1]:80\"",
                    "by=_x;for=10.0.0.2"
                ]
            ),
            "2001:db8::1"
        );
    }

    #[test]
    fn where_the_reading_ends_the_last_trusted_hop_is_the_caller() {
        let long = ["10.0.0.2"; 40].join(",");
        for (lines, known) in [
            (&[][..], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&["10.0.0.2"], "10.0.0.2"),
            (&["192.0.2.1, unknown"], "10.0.0.1"),
            (&["192.0.2.1, _hidden, 10.0.0.3"], "10.0.0.3"),
            (
                &["192.0.2.1", "garbage", "10.0.0.3", "10.0.0.4"],
                "10.0.0.3",
            ),
            (&["192.0.2.1", &long], "10.0.0.2"),
            (&["192.0.2.1", &",".repeat(40)], "10.0.0.1"),
        ] {
            assert_eq!(found_for(lines), known, "{lines:?}");
        }
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        let clients = ClientAddress::new();
        let behind_a_socket = clients
            .clone()
            .trusted_proxies(TrustedProxies::new(["unix"]).unwrap());
        let stranger = address("::ffff:192.0.2.1");

        assert_eq!(clients.of(stranger, ["8.8.8.8"]), address("192.0.2.1"));
        assert_eq!(clients.of(None, ["8.8.8.8"]), None);
        assert_eq!(behind_a_socket.of(None, ["8.8.8.8"]), address("8.8.8.8"));
        assert_eq!(behind_a_socket.of(None, ["unknown"]), None);
        assert_eq!(
            behind_a_socket.of(stranger, ["8.8.8.8"]),
            address("192.0.2.1")
        );
    }

    #[test]
    fn a_caller_is_counted_by_their_network() {
        let clients = ClientAddress::new();
        let wide = clients.clone().ipv4_prefix(24).unwrap();
        let by = |bits| clients.clone().ipv6_prefix(bits).unwrap();
        let six = address("2001:db8:1:2345:3:4:5:6");

        assert_eq!(clients.key(address("192.0.2.1")), "192.0.2.1");
        assert_eq!(clients.key(address("::ffff:192.0.2.1")), "192.0.2.1");
        assert_eq!(wide.key(address("192.0.2.1")), "192.0.2.0");
        assert_eq!(clients.key(None), "noaddr");
        assert_eq!(clients.key(six), "2001:db8:1:2345::");
        assert_eq!(clients.key(address("::1")), "0:0:0:0::");
        for (bits, key) in [
            (0, "::"),
            (1, "0::"),
            (16, "2001::"),
            (48, "2001:db8:1::"),
            (56, "2001:db8:1:2300::"),
            (112, "2001:db8:1:2345:3:4:5::"),
            (128, "2001:db8:1:2345:3:4:5:6"),
        ] {
            assert_eq!(by(bits).key(six), key);
        }
        let all = clients.clone().ipv4_prefix(0).unwrap();
        assert_eq!(all.key(address("192.0.2.1")), "0.0.0.0");
    }

    #[test]
    fn a_prefix_that_is_longer_than_an_address_is_refused() {
        let four = ClientAddress::new().ipv4_prefix(33).unwrap_err();
        let six = ClientAddress::new().ipv6_prefix(129).unwrap_err();

        assert_eq!(
            four.to_string(),
            "`ipv4_prefix` is 33, but must be at most 32"
        );
        assert_eq!(
            six.to_string(),
            "`ipv6_prefix` is 129, but must be at most 128"
        );
    }
}
