//! The text of an address, without a block of memory for each request.

use std::net::{Ipv4Addr, Ipv6Addr};

use arrayvec::ArrayString;

/// The most that an address takes: eight parts of four digits, and colons between them.
const LONGEST: usize = 39;

/// The key of an address.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AddressKey(ArrayString<LONGEST>);

impl AddressKey {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        // No address is longer.
        let _ = self.0.try_push(char::from(byte));
    }

    pub(super) fn push_str(&mut self, text: &str) {
        let _ = self.0.try_push_str(text);
    }

    /// An IPv4 address as it is written everywhere, in a fraction of the time that its `Display`
    /// takes.
    pub(super) fn push_dotted(&mut self, address: Ipv4Addr) {
        for (place, octet) in address.octets().into_iter().enumerate() {
            if place > 0 {
                self.push(b'.');
            }
            if octet >= 100 {
                self.push(b'0' + octet / 100);
            }
            if octet >= 10 {
                self.push(b'0' + octet / 10 % 10);
            }
            self.push(b'0' + octet % 10);
        }
    }

    /// An IPv6 network by the parts that its prefix reaches into, zeros among them too.
    pub(super) fn push_network(&mut self, network: Ipv6Addr, prefix: u8) {
        let segments = network.segments();
        let parts = usize::from(prefix.div_ceil(16));
        for (place, segment) in segments.into_iter().take(parts).enumerate() {
            if place > 0 {
                self.push(b':');
            }
            self.push_hexadecimal(segment);
        }
        if parts < segments.len() {
            self.push_str("::");
        }
    }

    fn push_hexadecimal(&mut self, number: u16) {
        let digits = [12, 8, 4, 0].map(|shift| (number >> shift & 0xF).to_le_bytes()[0]);
        let leading = digits.iter().take(3).take_while(|digit| **digit == 0);
        for digit in &digits[leading.count()..] {
            self.push(b"0123456789abcdef"[usize::from(*digit)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(push: impl FnOnce(&mut AddressKey)) -> String {
        let mut key = AddressKey::default();
        push(&mut key);
        key.as_str().to_owned()
    }

    #[test]
    fn an_address_is_written_as_everywhere() {
        for octet in 0..=255 {
            let address = Ipv4Addr::new(octet, 255 - octet, octet / 2, 9);

            assert_eq!(written(|key| key.push_dotted(address)), address.to_string());
        }
    }

    #[test]
    fn a_part_of_a_network_is_written_as_hexadecimal_numbers_are() {
        for number in 0..=u16::MAX {
            assert_eq!(
                written(|key| key.push_hexadecimal(number)),
                format!("{number:x}")
            );
        }
    }

    #[test]
    fn the_longest_address_has_room() {
        let longest = Ipv6Addr::from_bits(u128::MAX);

        let key = written(|key| key.push_network(longest, 128));

        assert_eq!(key, longest.to_string());
        assert_eq!(key.len(), LONGEST);
    }
}
