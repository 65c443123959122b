//! Numbers in text as Python's `int` and `float` read them.

/// A whole number, or on which side of what 64 bits hold it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Int {
    Fits(i64),
    TooLow,
    TooHigh,
}

/// The zeros of the scripts that write decimal numbers with digits of their own.
const ZEROS: &[u32] = &[
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6,
    0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80,
    0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
    0xFF10, 0x104A0, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650,
    0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0,
];

fn digit(character: char) -> Option<u8> {
    let code = character as u32;
    ZEROS.iter().find_map(|zero| {
        u8::try_from(code.checked_sub(*zero)?)
            .ok()
            .filter(|digit| *digit < 10)
    })
}

/// The same text with every digit in ASCII and the underscores between digits left out, or `None` where an
/// underscore stands elsewhere.
fn plain(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
    let mut out = String::with_capacity(text.len());
    let mut before_digit = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '_' {
            if !before_digit || characters.peek().copied().and_then(digit).is_none() {
                return None;
            }
            before_digit = false;
            continue;
        }
        let as_digit = digit(character);
        before_digit = as_digit.is_some();
        out.push(as_digit.map_or(character, |digit| char::from(b'0' + digit)));
    }
    Some(out)
}

/// Python's `int(text)`.
pub(crate) fn int(text: &str) -> Option<Int> {
    let text = plain(text)?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(match text.strip_prefix('+').unwrap_or(&text).parse() {
        Ok(number) => Int::Fits(number),
        Err(_) if text.starts_with('-') => Int::TooLow,
        Err(_) => Int::TooHigh,
    })
}

/// Python's `float(text)`.
pub(crate) fn float(text: &str) -> Option<f64> {
    let text = plain(text)?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if unsigned.starts_with(['+', '-']) {
        return None;
    }
    // Rust reads what Python reads: digits, a point, an exponent, `inf`, `infinity`, `nan`.
    text.parse().ok()
}

/// Python's `Decimal(text)`, if it is finite and of a size that a column could hold.
pub(crate) fn decimal(text: &str) -> Option<bigdecimal::BigDecimal> {
    let text = plain(text)?;
    let exponent = text
        .split_once(['e', 'E'])
        .map_or(Some(0), |(_, exponent)| exponent.parse::<i64>().ok())?;
    // Written out without its exponent it must stay a number, not a page of zeros.
    if exponent.abs() > 400 || text.len() > 400 {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_numbers_in_every_form_that_python_does() {
        assert_eq!(int(" +1_000 "), Some(Int::Fits(1000)));
        assert_eq!(int("\u{663}"), Some(Int::Fits(3)));
        assert_eq!(int("-9223372036854775808"), Some(Int::Fits(i64::MIN)));
        assert_eq!(int("9223372036854775808"), Some(Int::TooHigh));
        assert_eq!(int("-99999999999999999999"), Some(Int::TooLow));
        for wrong in ["", " ", "1.0", "1__0", "_1", "1_", "--1", "+-1", "0x1", "a"] {
            assert_eq!(int(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reads_floating_point_numbers_as_python_does() {
        assert_eq!(float(" 1e-7"), Some(1e-7));
        assert_eq!(float("-inf"), Some(f64::NEG_INFINITY));
        assert!(float("nan").is_some_and(f64::is_nan));
        for wrong in ["", "x", "1e", "+-1", "1,5"] {
            assert_eq!(float(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn refuses_decimals_that_would_fill_the_memory() {
        assert!(decimal("18.220").is_some());
        assert!(decimal("1e999999999").is_none());
        assert!(decimal("nan").is_none());
    }
}
