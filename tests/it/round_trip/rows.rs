//! Rows of any content, as the statements that store them.

use proptest::{option, prelude::*, string::string_regex};

/// The note that is overwritten: of `ada`, with a slug of its own.
pub(super) const NOTE: i32 = 5;

/// Text of up to `longest` characters that a form would take: it begins and ends with a letter.
fn text(longest: usize) -> impl Strategy<Value = String> {
    // Tab, line feed and what has a meaning somewhere; or whatever can be printed.
    let [odd, any] = ["[a-z\t\n\"'\\\\&<>%_{}]", "\\PC"].map(|inside| {
        string_regex(&format!("[a-z]{inside}{{0,{longest}}}[a-z]")).expect("a regular expression")
    });
    prop_oneof![odd, any]
}

/// A text as SQL writes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn null_or(value: Option<String>) -> String {
    value.unwrap_or_else(|| "NULL".to_owned())
}

fn day() -> impl Strategy<Value = String> {
    (1..=9999_u32, 1..=12_u32, 1..=28_u32)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

/// With six digits of fraction or none, as Django keeps it.
fn clock() -> impl Strategy<Value = String> {
    (
        0..24_u32,
        0..60_u32,
        0..60_u32,
        option::of(1..1_000_000_u32),
    )
        .prop_map(|(hour, minute, second, micros)| {
            let fraction = micros.map_or_else(String::new, |micros| format!(".{micros:06}"));
            format!("{hour:02}:{minute:02}:{second:02}{fraction}")
        })
}

fn stamp() -> impl Strategy<Value = String> {
    (day(), clock()).prop_map(|(day, clock)| format!("{day} {clock}"))
}

fn price() -> impl Strategy<Value = String> {
    (-999_999_999..=999_999_999_i64).prop_map(|cents| {
        format!(
            "{}{}.{:02}",
            if cents < 0 { "-" } else { "" },
            cents.abs() / 100,
            cents.abs() % 100
        )
    })
}

/// Any number but infinities and what is none; SQLite keeps no sign of zero.
fn ratio() -> impl Strategy<Value = String> {
    (proptest::num::f64::NORMAL | proptest::num::f64::ZERO)
        .prop_map(|number| format!("{:e}", number + 0.0))
}

/// A note, whatever its words and times; its slug is good for an address.
pub(super) fn note() -> impl Strategy<Value = String> {
    (text(60), "[a-z0-9]{1,20}", text(400), any::<bool>(), stamp()).prop_map(
        |(title, slug, content, is_active, created)| {
            format!(
                "UPDATE kitchen_note SET title = {}, slug = 'any-{slug}', content = {}, is_active = {is_active},
                     created = '{created}' WHERE id = {NOTE};
                 UPDATE kitchen_subject SET name = {}, created = '{created}' WHERE id = 1;
                 UPDATE kitchen_mediabit SET title = {} WHERE id = 1;
                 UPDATE kitchen_category SET name = {} WHERE id = 6;",
                quoted(&title),
                quoted(&content),
                quoted(&title),
                quoted(&title),
                quoted(&content),
            )
        },
    )
}

/// A measurement, whatever its values.
pub(super) fn measurement() -> impl Strategy<Value = String> {
    let numbers = (
        any::<i32>(),
        any::<i64>(),
        ratio(),
        price(),
        any::<bool>(),
        option::of(any::<bool>()),
    );
    let times = (day(), clock(), stamp());
    let texts = (text(90), text(200), "[a-z]{1,20}", "[a-z]{1,30}");
    let optional = (
        option::of(any::<i32>()),
        option::of(any::<i64>()),
        option::of(ratio()),
        option::of(price()),
        option::of(day()),
        option::of(clock()),
        option::of(stamp()),
        option::of(text(90)),
        option::of(text(200)),
    );
    (numbers, times, texts, optional).prop_map(
        |(
            (whole, big, ratio, price, flag, maybe),
            (day, clock, stamp),
            (label, body, kind, code),
            (
                opt_whole,
                opt_big,
                opt_ratio,
                opt_price,
                opt_day,
                opt_clock,
                opt_stamp,
                opt_label,
                opt_body,
            ),
        )| {
            format!(
                "UPDATE kitchen_measurement SET whole = {whole}, big = {big}, ratio = {ratio}, price = {price},
                     flag = {flag}, maybe = {}, day = '{day}', clock = '{clock}', stamp = '{stamp}', label = {},
                     body = {}, kind = '{kind}', code = 'any-{code}', opt_whole = {}, opt_big = {}, opt_ratio = {},
                     opt_price = {}, opt_day = {}, opt_clock = {}, opt_stamp = {}, opt_label = {}, opt_body = {}
                 WHERE id = {NOTE};",
                null_or(maybe.map(|maybe| maybe.to_string())),
                quoted(&label),
                quoted(&body),
                null_or(opt_whole.map(|number| number.to_string())),
                null_or(opt_big.map(|number| number.to_string())),
                null_or(opt_ratio),
                null_or(opt_price),
                null_or(opt_day.as_deref().map(quoted)),
                null_or(opt_clock.as_deref().map(quoted)),
                null_or(opt_stamp.as_deref().map(quoted)),
                null_or(opt_label.as_deref().map(quoted)),
                null_or(opt_body.as_deref().map(quoted)),
            )
        },
    )
}
