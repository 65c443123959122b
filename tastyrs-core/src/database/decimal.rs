//! Decimals as their column writes them: with its places, no exponent.

use bigdecimal::{BigDecimal, RoundingMode};

/// The digits of `number` with `places` behind the point.
pub(crate) fn digits(number: &BigDecimal, places: Option<u32>) -> String {
    match places {
        Some(places) => number
            .with_scale_round(i64::from(places), RoundingMode::HalfEven)
            .to_plain_string(),
        None => number.to_plain_string(),
    }
}

/// Digits with `places` behind the point.
pub(crate) fn with_places(text: &str, places: u32) -> String {
    text.parse()
        .map_or_else(|_| text.to_owned(), |number| digits(&number, Some(places)))
}

/// The decimal that a binary number stands for, which is true to 15 digits.
///
/// # Compatibility
///
/// Django's converter on SQLite: a decimal context of 15 digits, then the column's places
/// (`django/db/backends/sqlite3/operations.py`, `get_decimalfield_converter`).
#[cfg(feature = "sqlite")]
pub(crate) fn from_float(number: f64, places: Option<u32>) -> Option<String> {
    let number: BigDecimal = format!("{number:.14e}").parse().ok()?;
    Some(digits(
        &if places.is_some() {
            number
        } else {
            number.normalized()
        },
        places,
    ))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn a_binary_number_becomes_the_decimal_that_was_meant() {
        assert_eq!(from_float(18.22, Some(2)).as_deref(), Some("18.22"));
        assert_eq!(
            from_float(-99_999_999.99, Some(2)).as_deref(),
            Some("-99999999.99")
        );
        assert_eq!(from_float(0.1, Some(2)).as_deref(), Some("0.10"));
        assert_eq!(from_float(5.0, Some(2)).as_deref(), Some("5.00"));
        assert_eq!(from_float(2.5, None).as_deref(), Some("2.5"));
    }
}
