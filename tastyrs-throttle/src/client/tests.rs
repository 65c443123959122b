//! What holds whatever is written into the headers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use proptest::{collection::vec, option, sample};

use super::{ClientAddress, ForwardedHeader, TrustedProxies};

const HEADERS: [ForwardedHeader; 2] = [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded];

/// Trusts `10.0.0.0/8` and `fd00::/8`.
fn clients(header: ForwardedHeader) -> ClientAddress {
    let proxies = TrustedProxies::new(["10.0.0.0/8", "fd00::/8"]).unwrap();
    ClientAddress::new().trusted_proxies(proxies).header(header)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u16; 8]>().prop_map(IpAddr::from),
        (any::<u8>(), any::<u8>()).prop_map(|(a, b)| IpAddr::from([10, 0, a, b])),
        any::<[u8; 4]>().prop_map(|four| Ipv4Addr::from(four).to_ipv6_mapped().into()),
    ]
}

/// Somebody whom nobody trusts.
fn stranger() -> impl Strategy<Value = IpAddr> {
    address()
        .prop_map(|address| address.to_canonical())
        .prop_filter("a proxy is no stranger", |address| match address {
            IpAddr::V4(four) => four.octets()[0] != 10,
            IpAddr::V6(six) => six.octets()[0] != 0xfd,
        })
}

/// A line as a client may write it: bytes of any kind, and the words of both headers in any order.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let word = sample::select(
        &[
            "for=",
            "For=\"",
            "\"",
            "\\",
            "\\\"",
            ",",
            ", ",
            ";",
            ";by=",
            "host=\"a",
            "[",
            "]",
            "]:443",
            ":80",
            "unknown",
            "_x",
            "10.0.0.9",
            "192.0.2.66",
            "[2001:db8::66]",
            "::ffff:10.0.0.1",
            "%eth0",
        ][..],
    );
    prop_oneof![
        vec(any::<u8>(), 0..200),
        vec(word, 0..40).prop_map(|words| words.concat().into_bytes()),
        vec(address(), 0..40).prop_map(|hops| {
            let hops: Vec<String> = hops.iter().map(ToString::to_string).collect();
            hops.join(", ").into_bytes()
        }),
    ]
}

/// What a proxy says of the one that called it, in one of the ways in which proxies say it.
fn said(header: ForwardedHeader, client: IpAddr, port: Option<u16>, style: u8) -> String {
    let node = match (client, port) {
        (IpAddr::V4(four), None) => four.to_string(),
        (IpAddr::V4(four), Some(port)) => format!("{four}:{port}"),
        (IpAddr::V6(six), None)
            if header == ForwardedHeader::XForwardedFor && style.is_multiple_of(2) =>
        {
            six.to_string()
        }
        (IpAddr::V6(six), None) => format!("[{six}]"),
        (IpAddr::V6(six), Some(port)) => format!("[{six}]:{port}"),
    };
    match (header, style % 4) {
        (ForwardedHeader::XForwardedFor, _) => node,
        (_, 0) => format!("for=\"{node}\""),
        (_, 1) => format!("proto=https;FOR=\"{node}\";host=\"a\\\",for=8.8.8.8\\\\\""),
        (_, 2) => format!("By=_me; for=\"{node}\" "),
        (_, _) => format!("for={node};proto=http"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_a_stranger_writes_changes_nothing(
        peer in option::of(stranger()),
        lines in vec(line(), 0..5),
    ) {
        for header in HEADERS {
            prop_assert_eq!(clients(header).of(peer, &lines), peer);
        }
    }

    #[test]
    fn what_stands_left_of_what_a_proxy_wrote_changes_nothing(
        client in stranger(),
        port in option::of(any::<u16>()),
        style in any::<u8>(),
        before in vec(line(), 0..4),
        sent in option::of(line()),
    ) {
        for header in HEADERS {
            let mut last = sent.clone().map_or(Vec::new(), |sent| [&sent[..], b", "].concat());
            last.extend(said(header, client, port, style).into_bytes());
            let lines = before.iter().chain([&last]);

            let found = clients(header).of(Some([10, 0, 0, 1].into()), lines);

            prop_assert_eq!(found, Some(client));
        }
    }

    #[test]
    fn of_two_proxies_the_outer_one_names_the_caller(
        client in stranger(),
        outer in any::<[u8; 3]>(),
        style in any::<u8>(),
        sent in line(),
        lines_of_their_own in any::<bool>(),
    ) {
        let outer = IpAddr::from([10, outer[0], outer[1], outer[2]]);
        for header in HEADERS {
            let [client_said, outer_said] =
                [client, outer].map(|hop| said(header, hop, None, style).into_bytes());
            let lines = if lines_of_their_own {
                vec![sent.clone(), client_said, outer_said]
            } else {
                vec![[sent.clone(), client_said, outer_said].join(&b","[..])]
            };

            let found = clients(header).of(Some([10, 0, 0, 1].into()), &lines);

            prop_assert_eq!(found, Some(client));
        }
    }

    #[test]
    fn any_bytes_are_read_and_only_addresses_are_found(
        peer in option::of(address()),
        lines in vec(line(), 0..50),
        bits in 0..=32_u8,
    ) {
        let all = TrustedProxies::new(["0.0.0.0/0", "::/0", "unix"]).unwrap();
        for header in HEADERS {
            let clients = ClientAddress::new()
                .trusted_proxies(all.clone())
                .header(header)
                .ipv4_prefix(bits)
                .unwrap()
                .ipv6_prefix(bits * 4)
                .unwrap();
            let found = clients.of(peer, &lines);

            prop_assert!(peer.is_none() || found.is_some());
            prop_assert_eq!(found, found.map(|found| found.to_canonical()));
            prop_assert!(clients.key(found).len() <= 39);
        }
    }

    #[test]
    fn two_callers_have_one_key_exactly_where_they_share_a_network(
        one in any::<u128>(),
        differs in 0..128_u32,
        bits in 0..=128_u8,
    ) {
        let clients = ClientAddress::new().ipv6_prefix(bits).unwrap();
        let [one, other] = [one, one ^ (1 << (127 - differs))]
            .map(|bits| IpAddr::from(Ipv6Addr::from_bits(bits)));
        prop_assume!(one.is_ipv6() && one.to_canonical().is_ipv6() && other.to_canonical().is_ipv6());

        let same = clients.key(Some(one)) == clients.key(Some(other));

        prop_assert_eq!(same, differs >= u32::from(bits));
        let key: String = clients.key(Some(one));
        prop_assert!(key.parse::<Ipv6Addr>().is_ok(), "{}", key);
    }
}
