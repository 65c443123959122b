//! Which of up to three parts of a date is the year, the month and the day.

use chrono::{Datelike as _, Days as Span, Month, NaiveDate, Weekday};

use super::clock::integer;

/// What a text says of the date, part by part, in the order of writing.
#[derive(Debug, Default)]
pub(super) struct Days {
    today: NaiveDate,
    parts: Vec<u32>,
    /// Which part is the month, if it was written by name.
    month: Option<usize>,
    /// Which part is the year, if it was written in full, with more than two digits.
    year: Option<usize>,
    /// Written `2/29/20`, where custom has the month first.
    pub(super) slashed: bool,
}

/// The parts told apart. What is not said is None.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
}

impl Days {
    pub(super) fn new(today: NaiveDate) -> Self {
        Self {
            today,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Takes a part that stands beside another; more than two digits are a year.
    pub(super) fn push_digits(&mut self, digits: &str) -> Option<()> {
        let value = integer(digits)?;
        if digits.len() > 2 {
            self.push_year(value)
        } else {
            self.push_part(value)
        }
    }

    /// Takes a part that stands by itself; more than a hundred is a year.
    pub(super) fn push_value(&mut self, value: u32) -> Option<()> {
        if value > 100 {
            self.push_year(value)
        } else {
            self.push_part(value)
        }
    }

    /// Takes what can be nothing but a year, of two digits though it may be.
    pub(super) fn push_short_year(&mut self, year: u32) -> Option<()> {
        let year = in_full(i32::try_from(year).ok()?, self.today.year());
        self.push_year(u32::try_from(year).ok()?)
    }

    fn push_year(&mut self, year: u32) -> Option<()> {
        if self.year.replace(self.len()).is_some() {
            return None;
        }
        self.push_part(year)
    }

    pub(super) fn push_month(&mut self, month: u32) -> Option<()> {
        if self.month.replace(self.len()).is_some() {
            return None;
        }
        self.push_part(month)
    }

    fn push_part(&mut self, value: u32) -> Option<()> {
        if self.len() == 3 {
            return None;
        }
        self.parts.push(value);
        Some(())
    }

    /// Whether the month, as far as it is known, has such a day.
    pub(super) fn could_be_day(&self, value: u32) -> bool {
        let part = |at: Option<usize>| at.and_then(|at| self.parts.get(at)).copied();
        let last = match part(self.month) {
            None => Some(31),
            Some(month) => last_day(part(self.year).unwrap_or(2000), month),
        };
        last.is_some_and(|last| (1..=last).contains(&value))
    }

    /// The date, with today's year, month and day for what is not said; where that is the day, a weekday moves
    /// the date on to the next such.
    pub(super) fn date(&self, weekday: Option<Weekday>) -> Option<NaiveDate> {
        let told = self.told()?;
        let year = match told.year.map(i32::try_from) {
            Some(Ok(year)) if self.year.is_none() => in_full(year, self.today.year()),
            Some(year) => year.ok()?,
            None => self.today.year(),
        };
        let month = told.month.unwrap_or(self.today.month());
        let day = match told.day {
            Some(day) => day,
            None => self
                .today
                .day()
                .min(last_day(u32::try_from(year).ok()?, month)?),
        };
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        match weekday {
            Some(weekday) if told.day.is_none() => {
                let ahead = weekday.days_since(date.weekday());
                date.checked_add_days(Span::new(u64::from(ahead)))
            }
            _ => Some(date),
        }
    }

    #[expect(
        clippy::match_same_arms,
        reason = "a table: one line for each order of writing"
    )]
    fn told(&self) -> Option<Told> {
        let told = |year, month, day| Some(Told { year, month, day });
        match *self.parts.as_slice() {
            [] => told(None, None, None),
            [month] if self.month.is_some() => told(None, Some(month), None),
            [a, b] => match (self.year, self.month) {
                (Some(0), Some(_)) => told(Some(a), Some(b), None),
                (Some(_), Some(_)) => told(Some(b), Some(a), None),
                (None, Some(0)) if b > 31 => told(Some(b), Some(a), None),
                (None, Some(0)) => told(None, Some(a), Some(b)),
                (None, Some(_)) if a > 31 => told(Some(a), Some(b), None),
                (None, Some(_)) => told(None, Some(b), Some(a)),
                (_, None) if a > 31 => told(Some(a), Some(b), None),
                (_, None) if b > 31 => told(Some(b), Some(a), None),
                (_, None) => told(None, Some(a), Some(b)),
            },
            [a, b, c] => {
                let (year, month, day) = match (self.year, self.month) {
                    (Some(0), Some(1)) => (a, b, c),
                    (Some(0), Some(_)) => (a, c, b),
                    (Some(1), Some(0)) => (b, a, c),
                    (Some(1), Some(_)) => (b, c, a),
                    (Some(_), Some(0)) => (c, a, b),
                    (Some(_), Some(_)) => (c, b, a),
                    (None, Some(0)) if b > 31 => (b, a, c),
                    (None, Some(0)) => (c, a, b),
                    (None, Some(1)) if a > 31 => (a, b, c),
                    (None, Some(1)) => (c, b, a),
                    (None, Some(_)) if b > 31 => (b, c, a),
                    (None, Some(_)) => (a, c, b),
                    (at, None) if a > 31 || at == Some(0) => (a, b, c),
                    (Some(_), None) if a > 12 => (c, b, a),
                    (Some(_), None) => (c, a, b),
                    // From here on, the year has two digits and could be at either end.
                    (None, None) if c > 31 && a > 12 => (c, b, a),
                    (None, None) if c > 31 || (self.slashed && a <= 12) => (c, a, b),
                    (None, None) => return None,
                };
                told(Some(year), Some(month), Some(day))
            }
            _ => None,
        }
    }
}

/// A year of two digits in full: the nearest to this year, from fifty years back to forty-nine ahead.
fn in_full(year: i32, this_year: i32) -> i32 {
    if year >= 100 {
        return year;
    }
    let guess = this_year - this_year.rem_euclid(100) + year;
    if guess >= this_year + 50 {
        guess - 100
    } else if guess < this_year - 50 {
        guess + 100
    } else {
        guess
    }
}

fn last_day(year: u32, month: u32) -> Option<u32> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    month.num_days(i32::try_from(year).ok()?).map(u32::from)
}
