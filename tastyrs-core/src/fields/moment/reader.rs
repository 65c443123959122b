//! The walk over the tokens, which tells what each says.

use chrono::{NaiveDate, Weekday};

use super::clock::{Clock, integer};
use super::days::Days;
use super::tokens::tokens;
use super::words;

/// What a text says, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Reader<'t> {
    tokens: Vec<&'t str>,
    /// The token that is being read; the last one that was, when a step is done.
    pub(super) at: usize,
    pub(super) days: Days,
    pub(super) weekday: Option<Weekday>,
    pub(super) clock: Clock,
    zone: Option<&'t str>,
    /// How many seconds the time is ahead of UTC, if that is said.
    pub(super) ahead_secs: Option<i32>,
}

impl<'t> Reader<'t> {
    /// Reads all of a text, None if any part of it says nothing of a moment.
    pub(super) fn read(text: &'t str, today: NaiveDate) -> Option<Self> {
        let mut reader = Self {
            tokens: tokens(text)?,
            days: Days::new(today),
            ..Self::default()
        };
        while let Some(token) = reader.token(0) {
            reader.step(token)?;
            reader.at += 1;
        }
        match reader.zone {
            Some(zone) if words::is_utc(zone) => reader.ahead_secs = Some(0),
            Some(_) if reader.ahead_secs.is_none() => return None,
            _ => {}
        }
        Some(reader)
    }

    /// Whether there was nothing but blanks and the like.
    pub(super) fn is_empty(&self) -> bool {
        self.days.len() == 0 && self.weekday.is_none() && self.clock.is_empty()
    }

    /// The token so many ahead of the one that is being read.
    pub(super) fn token(&self, ahead: usize) -> Option<&'t str> {
        self.tokens.get(self.at + ahead).copied()
    }

    pub(super) fn token_before(&self, behind: usize) -> Option<&'t str> {
        self.tokens.get(self.at.checked_sub(behind)?).copied()
    }

    pub(super) fn is_at(&self, ahead: usize, mark: &str) -> bool {
        self.token(ahead) == Some(mark)
    }

    fn step(&mut self, token: &'t str) -> Option<()> {
        if token.starts_with(|first: char| first.is_ascii_digit()) {
            return self.number(token);
        }
        if let Some(weekday) = words::weekday(token) {
            self.weekday = Some(weekday);
            return Some(());
        }
        if let Some(month) = words::month(token) {
            return self.month(month);
        }
        if let Some(half) = words::half(token) {
            let hour = self.clock.hour.filter(|hour| *hour <= 12)?;
            self.clock.hour = Some(half.hour(hour));
            return Some(());
        }
        if self.clock.hour.is_some() {
            if self.zone.is_none() && self.ahead_secs.is_none() && words::is_zone(token) {
                return self.zone(token);
            }
            if matches!(token, "+" | "-") {
                return self.offset(if token == "+" { 1 } else { -1 });
            }
        }
        words::is_jump(token).then_some(())
    }

    /// A month by name, with what follows: `Feb-29`, `Feb/29/2020`, `Feb of 2020`.
    fn month(&mut self, month: u32) -> Option<()> {
        self.days.push_month(month)?;
        match self.token(1) {
            Some(mark @ ("-" | "/")) => {
                self.days.push_digits(self.token(2)?)?;
                if self.is_at(3, mark) {
                    self.days.push_digits(self.token(4)?)?;
                    self.at += 2;
                }
                self.at += 2;
            }
            Some(" ")
                if self.is_at(3, " ")
                    && self
                        .token(2)
                        .is_some_and(|word| word.eq_ignore_ascii_case("of")) =>
            {
                if let Some(year) = self.token(4).and_then(integer) {
                    self.days.push_short_year(year)?;
                    self.at += 4;
                }
            }
            _ => {}
        }
        Some(())
    }

    /// A zone by name. A sign after it is turned: `GMT+3` says that adding three hours gives GMT.
    fn zone(&mut self, name: &'t str) -> Option<()> {
        let turned = match self.token(1) {
            Some("+") => -1,
            Some("-") => 1,
            _ => {
                self.zone = Some(name);
                return Some(());
            }
        };
        if !words::is_utc(name) {
            self.zone = Some(name);
        }
        self.at += 1;
        self.offset(turned)
    }

    /// What follows a sign: `+0200`, `+02:00`, `+2`, and a zone's name between brackets after it.
    fn offset(&mut self, sign: i32) -> Option<()> {
        let digits = self.token(1)?;
        let (hours, minutes) = if digits.len() == 4 {
            let (hours, minutes) = digits.split_at_checked(2)?;
            (integer(hours)?, integer(minutes)?)
        } else if self.is_at(2, ":") {
            let minutes = integer(self.token(3)?)?;
            self.at += 2;
            (integer(digits)?, minutes)
        } else if digits.len() <= 2 {
            (integer(digits)?, 0)
        } else {
            return None;
        };
        let seconds = hours
            .checked_mul(3600)?
            .checked_add(minutes.checked_mul(60)?)?;
        let ahead = sign * i32::try_from(seconds).ok()?;
        if self.ahead_secs.replace(ahead).is_some() {
            return None;
        }

        if self.token(2).is_some_and(words::is_jump)
            && self.is_at(3, "(")
            && self.is_at(5, ")")
            && self.zone.is_none()
            && let Some(name) = self
                .token(4)
                .filter(|name| name.len() >= 3 && words::is_zone(name))
        {
            self.zone = Some(name);
            self.at += 4;
        }
        self.at += 1;
        Some(())
    }
}
