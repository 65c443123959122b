//! JSON as Python writes it, straight into the buffer.

/// The letter that stands for a byte behind a backslash; `u` for four digits, and 0 for what stays as it is.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// The highest bit of each byte of a word that must be escaped.
fn escapes_in(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOWS: u64 = ONES * 0x7f;
    let at_least = |word: u64, bound: u64| ((word & LOWS) + ONES * (0x80 - bound)) | word;
    let plain = at_least(word, 0x20)
        & at_least(word ^ (ONES * 0x22), 1)
        & at_least(word ^ (ONES * 0x5c), 1);
    !plain & !LOWS
}

pub fn string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 10);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let found = escapes_in(u64::from_le_bytes(*word));
        out.extend_from_slice(word);
        if found == 0 {
            rest = behind;
            continue;
        }
        let plain = (found.trailing_zeros() / 8) as usize;
        out.truncate(out.len() - 8 + plain);
        escape(word[plain], out);
        rest = &rest[plain + 1..];
    }
    for byte in rest {
        if ESCAPES[usize::from(*byte)] == 0 {
            out.push(*byte);
        } else {
            escape(*byte, out);
        }
    }
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    match ESCAPES[usize::from(byte)] {
        b'u' => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        letter => out.extend_from_slice(&[b'\\', letter]),
    }
}

pub fn integer(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
