//! Regular expressions from a client: parsed before they run, and bounded.

use regex::{Regex, RegexBuilder};

use crate::errors::{Error, Result};

/// The longest pattern that is read, in bytes.
const LONGEST: usize = 512;
/// The largest program that a pattern may become, in bytes.
const LARGEST: usize = 128 * 1024;

/// A pattern of the kind that takes time in proportion to the text: no look-around, no back references.
///
/// # Errors
///
/// [`Error::BadRequest`] where it is not valid, or larger than what is run for a client.
fn compile(pattern: &str, case_insensitive: bool) -> Result<Regex> {
    if pattern.len() > LONGEST {
        return Err(Error::bad_request(format!(
            "A regular expression has at most {LONGEST} bytes."
        )));
    }
    RegexBuilder::new(pattern)
        .case_insensitive(case_insensitive)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
        .nest_limit(32)
        .build()
        .map_err(|_| Error::bad_request("The regular expression is not valid."))
}

/// Checks a pattern before it is run.
///
/// # Errors
///
/// [`Error::BadRequest`] where it is not valid, or larger than what is run for a client.
pub(crate) fn check_regular_expression(pattern: &str) -> Result<()> {
    compile(pattern, false)
        .and_then(|_| compile(pattern, true))
        .map(|_| ())
}

#[cfg(feature = "sqlite")]
pub(crate) use remembered::matches;

/// Patterns that are asked row by row, by a function of ours that SQLite calls.
#[cfg(feature = "sqlite")]
mod remembered {
    use std::cell::RefCell;

    use regex::Regex;

    use super::compile;

    /// How many patterns a thread remembers; a request has fewer.
    pub(super) const REMEMBERED: usize = 16;

    type Known = ((String, bool), Regex);

    thread_local! {
        /// A filter asks for the same pattern row by row.
        static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
    }

    /// Whether text matches a pattern; a bad one matches nothing.
    pub(crate) fn matches(pattern: &str, case_insensitive: bool, text: &str) -> bool {
        KNOWN.with_borrow_mut(|known| {
            let is_it = |((text, insensitive), _): &Known| {
                text == pattern && *insensitive == case_insensitive
            };
            let place = if let Some(place) = known.iter().position(is_it) {
                place
            } else {
                let Ok(expression) = compile(pattern, case_insensitive) else {
                    return false;
                };
                if known.len() >= REMEMBERED {
                    known.remove(0);
                }
                known.push(((pattern.to_owned(), case_insensitive), expression));
                known.len() - 1
            };
            known
                .get(place)
                .is_some_and(|(_, expression)| expression.is_match(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sqlite")]
    #[test]
    fn several_patterns_are_asked_in_turn() {
        for _ in 0..3 {
            for number in 0..remembered::REMEMBERED + 2 {
                assert!(matches(
                    &format!("^a{number}$"),
                    true,
                    &format!("A{number}")
                ));
                assert!(!matches(
                    &format!("^a{number}$"),
                    false,
                    &format!("A{number}")
                ));
            }
        }
        assert!(!matches("(", false, "("));
    }

    #[test]
    fn refuses_what_may_run_for_ever_and_what_is_too_large() {
        assert!(check_regular_expression("^a+$").is_ok());
        assert!(check_regular_expression("(?=x)").is_err());
        assert!(check_regular_expression(r"(a)\1").is_err());
        assert!(check_regular_expression("((a{1000}){1000}){1000}").is_err());
        assert!(check_regular_expression(&"a".repeat(LONGEST + 1)).is_err());
    }
}
