//! The names of months, weekdays and units, and what may stand between.

use chrono::{Month, Weekday};

/// What a number is followed by, as in `13h14m15s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Hour,
    Minute,
    Second,
}

impl Unit {
    /// What a number after this one is, as the minutes in `13h14`.
    pub(super) fn smaller(self) -> Option<Self> {
        match self {
            Self::Hour => Some(Self::Minute),
            Self::Minute => Some(Self::Second),
            Self::Second => None,
        }
    }
}

/// The half of a day that a clock of twelve hours needs to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
}

impl Half {
    /// The hour of a clock of twenty-four hours.
    pub(super) fn hour(self, hour: u32) -> u32 {
        match self {
            Self::Am if hour == 12 => 0,
            Self::Pm if hour < 12 => hour + 12,
            Self::Am | Self::Pm => hour,
        }
    }
}

/// What says nothing. `m` is here for `p.m.`, `t` for ISO 8601.
const JUMPS: &[&str] = &[
    " ", ".", ",", ";", "-", "/", "'", "at", "on", "and", "ad", "m", "t", "of", "st", "nd", "rd",
    "th",
];

pub(super) fn is_jump(word: &str) -> bool {
    is_one_of(word, JUMPS)
}

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    word.parse().ok()
}

/// The number of a month by its name, long or of three letters (or `Sept`).
pub(super) fn month(word: &str) -> Option<u32> {
    if word.eq_ignore_ascii_case("sept") {
        return Some(9);
    }
    word.parse::<Month>()
        .ok()
        .map(|month| month.number_from_month())
}

pub(super) fn unit(word: &str) -> Option<Unit> {
    if is_one_of(word, &["h", "hour", "hours"]) {
        Some(Unit::Hour)
    } else if is_one_of(word, &["m", "minute", "minutes"]) {
        Some(Unit::Minute)
    } else if is_one_of(word, &["s", "second", "seconds"]) {
        Some(Unit::Second)
    } else {
        None
    }
}

pub(super) fn half(word: &str) -> Option<Half> {
    if is_one_of(word, &["am", "a"]) {
        Some(Half::Am)
    } else if is_one_of(word, &["pm", "p"]) {
        Some(Half::Pm)
    } else {
        None
    }
}

/// Whether this names the zone that all others are told from.
pub(super) fn is_utc(word: &str) -> bool {
    matches!(word, "UTC" | "GMT" | "Z" | "z")
}

/// Whether this looks like the name of a zone.
pub(super) fn is_zone(word: &str) -> bool {
    is_utc(word) || (word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}
