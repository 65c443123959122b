//! What the body of a refusal says to a client that asks for one.

use crate::fields::printable;
use crate::quota::Refusal;

/// The media type of a problem, RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Says whether a client asks for a problem: its `Accept` names `application/problem+json`, with a
/// `q` that is not 0. A wildcard names nothing.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::asks_for_problem;
///
/// assert!(asks_for_problem("application/json, application/problem+json;q=0.5"));
/// assert!(!asks_for_problem("*/*"));
/// ```
pub fn asks_for_problem(accept: &str) -> bool {
    accept.len() >= PROBLEM_JSON.len()
        && accept.split(',').any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|media| media.eq_ignore_ascii_case(PROBLEM_JSON));
            named && !parts.any(is_zero)
        })
}

/// Whether a parameter is a `q` of 0.
fn is_zero(parameter: &str) -> bool {
    parameter
        .split_once('=')
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .and_then(|(_, value)| value.trim().parse::<f32>().ok())
        .is_some_and(|q| q <= 0.0)
}

/// Writes the body of a 429: the problem `quota-exceeded`, and the names of the rates that the
/// request met where the throttle told them.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Quota, Refusal, RetryAfter, quota_exceeded};
///
/// let mut burst = Quota::new("burst", 10);
/// burst.violated = true;
/// let refusal = Refusal::from(RetryAfter::Unknown).quotas(vec![burst]);
///
/// assert_eq!(
///     quota_exceeded(&refusal),
///     "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",\
///      \"title\":\"Too many requests\",\"status\":429,\"violated-policies\":[\"burst\"]}"
/// );
/// ```
pub fn quota_exceeded(refusal: &Refusal) -> String {
    let mut body = "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",\
                    \"title\":\"Too many requests\",\"status\":429"
        .to_owned();
    let violated = refusal.quotas.iter().filter(|quota| quota.violated);
    for (position, quota) in violated.enumerate() {
        body.push_str(if position == 0 {
            ",\"violated-policies\":[\""
        } else {
            ",\""
        });
        for char in printable(&quota.name) {
            if matches!(char, '"' | '\\') {
                body.push('\\');
            }
            body.push(char);
        }
        body.push('"');
    }
    body.push_str(if body.ends_with('"') { "]}" } else { "}" });
    body
}

/// The body of a 503 while the store of a throttle is away: the problem
/// `temporary-reduced-capacity`.
pub const REDUCED_CAPACITY: &str = "{\"type\":\"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity\",\
     \"title\":\"The service has less capacity than usual\",\"status\":503}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::Quota;
    use crate::verdict::RetryAfter;

    #[test]
    fn only_who_names_it_asks_for_a_problem() {
        for accept in [
            "application/problem+json",
            "Application/Problem+JSON ; q=0.001",
            "text/html,application/problem+json;charset=utf-8",
        ] {
            assert!(asks_for_problem(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/problem+json;q=0",
            "application/problem+json; Q=0.000",
            "application/problem+jsonx",
        ] {
            assert!(!asks_for_problem(accept), "{accept}");
        }
    }

    #[test]
    fn the_names_of_the_rates_that_were_met_stand_in_the_body() {
        let violated = |name: &str| {
            let mut quota = Quota::new(name, 1);
            quota.violated = true;
            quota
        };
        let refusal = Refusal::from(RetryAfter::Unknown).quotas(vec![
            violated("a\"\\\n"),
            Quota::new("b", 1),
            violated("c"),
        ]);

        let body = quota_exceeded(&refusal);

        assert!(
            body.ends_with(r#""status":429,"violated-policies":["a\"\\?","c"]}"#),
            "{body}"
        );
        let without = quota_exceeded(&RetryAfter::Unknown.into());
        assert!(without.ends_with(r#""status":429}"#), "{without}");
    }
}
