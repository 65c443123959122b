//! Regular expressions from a client: parsed before they run, and bounded.

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};

use crate::errors::{Error, Result};

/// The longest pattern that is read, in bytes.
const LONGEST: usize = 512;
/// The largest program that a pattern may become, in bytes.
const LARGEST: usize = 256 * 1024;

thread_local! {
    /// A filter asks for the same pattern row by row.
    static LAST: RefCell<Option<(String, Regex)>> = const { RefCell::new(None) };
}

/// A pattern of the kind that takes time in proportion to the text: no look-around, no back references.
pub(crate) fn regular_expression(pattern: &str) -> Result<Regex> {
    if pattern.len() > LONGEST {
        return Err(Error::bad_request(format!(
            "A regular expression has at most {LONGEST} bytes."
        )));
    }
    LAST.with_borrow_mut(|last| match last {
        Some((known, expression)) if known == pattern => Ok(expression.clone()),
        _ => {
            let expression = RegexBuilder::new(pattern)
                .size_limit(LARGEST)
                .dfa_size_limit(LARGEST)
                .nest_limit(32)
                .build()
                .map_err(|_| Error::bad_request("The regular expression is not valid."))?;
            *last = Some((pattern.to_owned(), expression.clone()));
            Ok(expression)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_may_run_for_ever_and_what_is_too_large() {
        assert!(regular_expression("^a+$").is_ok());
        assert!(regular_expression("(?=x)").is_err());
        assert!(regular_expression(r"(a)\1").is_err());
        assert!(regular_expression("((a{1000}){1000}){1000}").is_err());
        assert!(regular_expression(&"a".repeat(LONGEST + 1)).is_err());
    }
}
