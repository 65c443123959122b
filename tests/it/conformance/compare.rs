//! The rules by which an answer is the same as the recorded one.
//!
//! Those of `tests/conformance/README.md`, with JSON equal byte for byte where nothing in it is volatile. YAML
//! is compared by what it means, XML as text; `replay.py` compares both by what they mean.

use chrono::{DateTime, NaiveDateTime};
use serde_json::Value;
use tastyrs::serializers::Serializer;
use tastyrs::throttle::Clock;

use super::case::{Reply, Rule, Volatile};

/// The headers that count.
pub(crate) const HEADERS: [&str; 7] = [
    "Content-Type",
    "Location",
    "Allow",
    "Retry-After",
    "WWW-Authenticate",
    "Vary",
    "Cache-Control",
];

/// How many seconds a moment may lie from now.
const NOW_SLACK: i64 = 900;

/// The first difference that was found, in words.
pub(crate) type Difference = String;

/// An answer of ours.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By the names in [`HEADERS`].
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// Whether an answer is the recorded one.
pub(crate) fn answer(want: &Reply, got: &Answer) -> Result<(), Difference> {
    if want.status != got.status {
        return Err(format!(
            "status: expected {}, got {}, body {}",
            want.status,
            got.status,
            short(&String::from_utf8_lossy(&got.body))
        ));
    }
    let body = want.body.bytes();
    let both_empty = body.is_empty() && got.body.is_empty();
    let types_count = !(want.foreign || both_empty);
    for name in HEADERS {
        let left = want.headers.get(name).map(String::as_str);
        let right = got
            .headers
            .iter()
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value.as_str());
        if !same_header(name, left, right, types_count) {
            return Err(format!("header {name}: expected {left:?}, got {right:?}"));
        }
    }
    if want.foreign || body == got.body {
        return Ok(());
    }
    let kind = want.headers.get("Content-Type").map_or("", String::as_str);
    same_body(&body, &got.body, kind, &want.volatile)
}

fn same_header(name: &str, want: Option<&str>, got: Option<&str>, types_count: bool) -> bool {
    match (name, want, got) {
        ("Content-Type", _, _) if !types_count => true,
        ("Content-Type", Some(want), Some(got)) => {
            want.replace(' ', "").to_lowercase() == got.replace(' ', "").to_lowercase()
        }
        ("Vary" | "Cache-Control" | "Allow", Some(want), Some(got)) => words(want) == words(got),
        ("Retry-After", Some(want), Some(got)) => match (want.parse::<i64>(), got.parse::<i64>()) {
            (Ok(want), Ok(got)) => (want - got).abs() <= 2,
            _ => want == got,
        },
        _ => want == got,
    }
}

/// What a header lists, in no order.
fn words(value: &str) -> Vec<String> {
    let mut words: Vec<String> = value
        .split(',')
        .map(|word| word.trim().to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    words.sort();
    words
}

fn same_body(
    want: &[u8],
    got: &[u8],
    content_type: &str,
    volatile: &Volatile,
) -> Result<(), Difference> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let (Ok(want), Ok(got)) = (str::from_utf8(want), str::from_utf8(got)) else {
        return Err("body: bytes differ".to_owned());
    };
    match kind {
        "application/json" if !volatile.is_empty() && !got.is_empty() => json(want, got, volatile),
        "application/json" => Err(format!(
            "body: expected the bytes {}, got {}",
            around(want, got),
            around(got, want)
        )),
        "text/javascript" => match (callback(want), callback(got)) {
            (Some((left, want)), Some((right, got))) if left == right => json(want, got, volatile),
            _ => Err(format!(
                "body: expected {}, got {}",
                short(want),
                short(got)
            )),
        },
        "text/yaml" if yaml(want).is_some_and(|meant| yaml(got) == Some(meant)) => Ok(()),
        _ if want.split_whitespace().eq(got.split_whitespace()) => Ok(()),
        _ => Err(format!(
            "body: expected {}, got {}",
            around(want, got),
            around(got, want)
        )),
    }
}

/// What a document in YAML means; long texts may be folded in one and not in the other.
fn yaml(text: &str) -> Option<tastyrs::data::Value<'static>> {
    let serializer = Serializer::default().formats(["yaml"]);
    serializer.deserialize(text.as_bytes(), "text/yaml").ok()
}

/// The function that JSONP calls, and what with.
fn callback(text: &str) -> Option<(&str, &str)> {
    let text = text.trim().trim_end_matches(';').trim_end();
    text.strip_suffix(')')?.split_once('(')
}

fn json(want: &str, got: &str, volatile: &Volatile) -> Result<(), Difference> {
    let want = serde_json::from_str(want).map_err(|error| format!("recorded body: {error}"))?;
    let got = serde_json::from_str(got)
        .map_err(|error| format!("body: no JSON ({error}): {}", short(got)))?;
    value(&want, &got, volatile, "")
}

/// Whether a value is the recorded one; `path` leads to it.
pub(crate) fn value(
    want: &Value,
    got: &Value,
    volatile: &Volatile,
    path: &str,
) -> Result<(), Difference> {
    match volatile.get(path) {
        Some(Rule::Any) => return Ok(()),
        Some(Rule::Now) if is_now(got) => return Ok(()),
        Some(Rule::Now) => return Err(format!("{path}: expected the current time, got {got}")),
        None => {}
    }
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => {
            for (key, left) in want {
                let path = format!("{path}/{key}");
                let right = got
                    .get(key)
                    .ok_or_else(|| format!("{path}: expected {left}, key is missing"))?;
                value(left, right, volatile, &path)?;
            }
            match got.iter().find(|(key, _)| !want.contains_key(*key)) {
                Some((key, extra)) => Err(format!("{path}/{key}: unexpected key with {extra}")),
                None => Ok(()),
            }
        }
        (Value::Array(want), Value::Array(got)) => {
            for (place, (left, right)) in want.iter().zip(got).enumerate() {
                value(left, right, volatile, &format!("{path}/{place}"))?;
            }
            if want.len() == got.len() {
                Ok(())
            } else {
                let (want, got) = (want.len(), got.len());
                Err(format!("{path}/: expected {want} items, got {got}"))
            }
        }
        // Numbers are equal only where both are whole or both are not.
        _ if want == got => Ok(()),
        _ => Err(format!(
            "{path}: expected {}, got {}",
            short(&want.to_string()),
            short(&got.to_string())
        )),
    }
}

/// Whether a value is a moment near this one: a date and time, or seconds since 1970.
fn is_now(value: &Value) -> bool {
    let seconds = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => moment(&text.replacen(' ', "T", 1)),
        _ => None,
    };
    seconds.is_some_and(|seconds| (seconds - Clock::system().wall_secs()).abs() < NOW_SLACK)
}

fn moment(text: &str) -> Option<i64> {
    let without_zone = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f");
    match without_zone {
        Ok(moment) => Some(moment.and_utc().timestamp()),
        Err(_) => Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp()),
    }
}

/// The beginning of a text.
pub(crate) fn short(text: &str) -> String {
    let mut short: String = text.chars().take(160).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

/// What of a text is near the place where another differs from it.
fn around(text: &str, other: &str) -> String {
    let same = text
        .chars()
        .zip(other.chars())
        .take_while(|(left, right)| left == right)
        .count();
    let start = same.saturating_sub(60);
    let piece: String = text.chars().skip(start).take(140).collect();
    if start == 0 {
        format!("`{piece}`")
    } else {
        format!("`...{piece}` (from character {start})")
    }
}

#[test]
fn numbers_are_equal_only_in_their_kind() {
    let none = Volatile::new();

    assert!(value(&Value::from(1), &Value::from(1), &none, "").is_ok());
    assert!(value(&Value::from(1), &Value::from(1.0), &none, "").is_err());
}

#[test]
fn a_moment_of_this_hour_is_volatile_and_one_of_last_year_is_not() {
    let volatile = Volatile::from([("/created".to_owned(), Rule::Now)]);
    let said = |created: Value| serde_json::json!({ "created": created });
    let now = DateTime::from_timestamp(Clock::system().wall_secs(), 0).unwrap_or_default();
    let now = now.format("%Y-%m-%dT%H:%M:%S.123456").to_string();

    let recorded = said("2026-01-01T00:00:00".into());
    assert!(value(&recorded, &said(now.into()), &volatile, "").is_ok());
    assert!(
        value(
            &recorded,
            &said("2020-01-01T00:00:00".into()),
            &volatile,
            ""
        )
        .is_err()
    );
    assert!(value(&recorded, &said(Value::Null), &volatile, "").is_err());
}
