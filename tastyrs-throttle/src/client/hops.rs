//! What a header says of the hops that a request came by, read from the right: each hop wrote
//! behind what it was sent, so that only what stands left of a hop that is trusted can be a lie.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most bytes of what one hop says. `Forwarded` may name a host beside the address.
const MOST_BYTES: usize = 1024;

/// The header that the proxies in front of a server write.
///
/// One is read and the other never looked at: a proxy that writes only one of them passes the
/// other on as the client sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: 192.0.2.1, 10.0.0.7`. The default, since it is the one that practically
    /// every proxy and load balancer can write; few can write the other.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::7]:443"`, RFC 7239.
    Forwarded,
}

/// What a hop says of the one before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hop {
    /// Nothing: a list may have empty places.
    Empty,
    /// Its address, an IPv4 one as such.
    At(IpAddr),
    /// No address that can be read: it is hidden, unknown or garbage.
    Hidden,
}

impl ForwardedHeader {
    /// The header's name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// Reads what stands behind the last comma of a header line, and gives back what stands before
    /// it.
    pub(super) fn last_hop(self, line: &[u8]) -> (Hop, Option<&[u8]>) {
        let near = line.get(line.len().saturating_sub(MOST_BYTES)..);
        let near = near.unwrap_or_default();
        let comma = match self {
            Self::XForwardedFor => near.iter().rposition(|byte| *byte == b','),
            Self::Forwarded => match last_comma(near) {
                Ok(comma) => comma,
                Err(Unbalanced) => return (Hop::Hidden, None),
            },
        };
        let (said, before) = match comma {
            Some(comma) => {
                let from_end = near.len() - comma;
                let before = line.get(..line.len() - from_end);
                (near.get(comma + 1..).unwrap_or_default(), before)
            }
            None if near.len() < line.len() => return (Hop::Hidden, None),
            None => (line, None),
        };
        let said = said.trim_ascii();
        if said.is_empty() {
            return (Hop::Empty, before);
        }
        let address = match self {
            Self::XForwardedFor => node(within_quotes(said)),
            Self::Forwarded => for_parameter(said).and_then(|value| node(&value)),
        };
        (address.map_or(Hop::Hidden, Hop::At), before)
    }
}

/// A quoted text of which only the end is there.
struct Unbalanced;

/// The last comma outside quoted texts. Quotes are paired from the right, so that one which the
/// client left open hides nothing of what was written behind it.
fn last_comma(text: &[u8]) -> Result<Option<usize>, Unbalanced> {
    let mut quoted = false;
    for (place, byte) in text.iter().enumerate().rev() {
        match byte {
            b'"' if quoted && is_escaped(text, place) => {}
            b'"' => quoted = !quoted,
            b',' if !quoted => return Ok(Some(place)),
            _ => {}
        }
    }
    if quoted { Err(Unbalanced) } else { Ok(None) }
}

/// Whether an odd number of backslashes stands before a place.
fn is_escaped(text: &[u8], place: usize) -> bool {
    let before = text.get(..place).unwrap_or_default();
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}

fn within_quotes(text: &[u8]) -> &[u8] {
    let inner = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""));
    inner.unwrap_or(text)
}

/// The value of `for` among the pairs of an element; nothing where it is missing or there twice,
/// or the element is no list of pairs.
fn for_parameter(element: &[u8]) -> Option<Vec<u8>> {
    let mut rest = element;
    let mut found = None;
    loop {
        rest = rest.trim_ascii_start();
        if let Some(behind) = rest.strip_prefix(b";") {
            rest = behind;
            continue;
        }
        if rest.is_empty() {
            return found;
        }
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (name, behind) = rest.split_at_checked(equals)?;
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return None;
        }
        let (value, behind) = value(behind.get(1..)?)?;
        rest = behind.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b";") {
            return None;
        }
        if name.eq_ignore_ascii_case(b"for") && found.replace(value).is_some() {
            return None;
        }
    }
}

/// A value, quoted or plain, and what stands behind it. A plain one may hold colons and brackets,
/// which should be quoted and often are not.
fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text
            .iter()
            .position(|byte| *byte == b';' || byte.is_ascii_whitespace());
        let (value, behind) = text.split_at_checked(end.unwrap_or(text.len()))?;
        return (!value.contains(&b'"')).then(|| (value.to_vec(), behind));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((place, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, quoted.get(place + 1..)?)),
            b'\\' => value.push(*bytes.next()?.1),
            byte => value.push(*byte),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The address of a node: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1%eth0]:80`.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let address = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        if !port.is_empty() && !is_port(port.strip_prefix(':')?) {
            return None;
        }
        six(address)?
    } else if let Ok(address) = text.parse::<Ipv4Addr>() {
        address.into()
    } else if let Some(address) = six(text) {
        address
    } else {
        let (address, port) = text.split_once(':')?;
        let address: Ipv4Addr = address.parse().ok()?;
        is_port(port).then_some(address.into())?
    };
    Some(address.to_canonical())
}

/// An IPv6 address; the zone behind it, which means something only to the hop that wrote it, is
/// left out.
fn six(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((address, zone)) => {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            (!zone.is_empty() && zone.bytes().all(is_plain)).then_some(address)?
        }
        None => text,
    };
    address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// A number, or a name that hides it.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !hidden.is_empty() && hidden.bytes().all(is_plain)
        }
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Hop {
        Hop::At(address.parse().unwrap())
    }

    fn last_for(line: &str) -> Hop {
        ForwardedHeader::XForwardedFor.last_hop(line.as_bytes()).0
    }

    fn last_forwarded(line: &str) -> Hop {
        ForwardedHeader::Forwarded.last_hop(line.as_bytes()).0
    }

    #[test]
    fn an_address_is_read_however_proxies_write_it() {
        for (written, address) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:8080", "192.0.2.1"),
            ("192.0.2.1:_hidden", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
            ("[::ffff:c000:201%1]", "192.0.2.1"),
        ] {
            assert_eq!(last_for(written), at(address), "{written}");
            assert_eq!(
                last_for(&format!("\"{written}\"")),
                at(address),
                "{written}"
            );
            for element in [
                format!("for={written}"),
                format!("For=\"{written}\""),
                format!("proto=https; FOR=\"{written}\" ;by=_me"),
                format!("host=\"a,b;for=9.9.9.9\\\"\";for={written};"),
            ] {
                assert_eq!(last_forwarded(&element), at(address), "{element}");
            }
        }
    }

    #[test]
    fn what_is_no_address_is_hidden() {
        for written in [
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2",
            "192.0.2.256",
            "192.0.02.1",
            "0x7f000001",
            "3221225985",
            "192.0.2.1:",
            "192.0.2.1:http",
            "192.0.2.1:_",
            "192.0.2.1:123456",
            "192.0.2.1 192.0.2.2",
            "[192.0.2.1]",
            "[2001:db8::1",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "2001:db8::1]",
            "2001:db8:::1",
            "fe80::1%",
            "fe80::1%e h",
            "192.0.2.1%eth0",
            "[]",
            "\"192.0.2.1",
            "192.0.2.\u{661}",
        ] {
            assert_eq!(last_for(written), Hop::Hidden, "{written}");
            assert_eq!(
                last_forwarded(&format!("for={written}")),
                Hop::Hidden,
                "{written}"
            );
        }
        for element in [
            "192.0.2.1",
            "proto=https",
            "for=192.0.2.1;for=192.0.2.1",
            "for=192.0.2.1;proto",
            "for = 192.0.2.1",
            "for=\"192.0.2.1\"x",
            "for=\"192.0.2.1\\\"",
            "=1;for=192.0.2.1",
        ] {
            assert_eq!(last_forwarded(element), Hop::Hidden, "{element}");
        }
    }

    #[test]
    fn a_list_is_taken_apart_from_the_right() {
        let line = b"203.0.113.9, ,192.0.2.1\t";

        let (last, rest) = ForwardedHeader::XForwardedFor.last_hop(line);
        let (empty, rest) = ForwardedHeader::XForwardedFor.last_hop(rest.unwrap());
        let (first, end) = ForwardedHeader::XForwardedFor.last_hop(rest.unwrap());

        assert_eq!(last, at("192.0.2.1"));
        assert_eq!(empty, Hop::Empty);
        assert_eq!((first, end), (at("203.0.113.9"), None));
        assert_eq!(last_for(""), Hop::Empty);
    }

    #[test]
    fn a_quote_that_was_left_open_hides_nothing_that_stands_behind_it() {
        for left in ["for=\"", "for=\"x\\", "\"\"\"", "host=\"a,", "\\", "\\\""] {
            for right in [
                "for=192.0.2.1",
                "for=\"192.0.2.1\"",
                "for=192.0.2.1;host=\"a\\\",b\\\\\"",
            ] {
                let line = format!("{left},{right}");
                assert_eq!(last_forwarded(&line), at("192.0.2.1"), "{line}");
            }
        }
    }

    #[test]
    fn no_more_is_looked_at_than_one_hop_can_have_to_say() {
        let long = "1".repeat(1_000_000);

        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            assert_eq!(header.last_hop(long.as_bytes()), (Hop::Hidden, None));
        }
        assert_eq!(last_for(&format!("{long},192.0.2.1")), at("192.0.2.1"));
        assert_eq!(
            last_for(&format!("{}192.0.2.1", " ".repeat(2_000))),
            Hop::Hidden
        );
    }
}
