//! What a number says, by how long it is and what stands around it.

use super::clock::{Number, integer};
use super::reader::Reader;
use super::words::{self, Unit};

impl<'t> Reader<'t> {
    /// Reads the number that stands here, and the tokens that belong to it.
    pub(super) fn number(&mut self, token: &'t str) -> Option<()> {
        let number = Number::new(token)?;
        let (length, next) = (token.len(), self.token(1));

        if self.days.len() == 3
            && matches!(length, 2 | 4)
            && self.clock.hour.is_none()
            && next.is_none_or(|next| next != ":" && words::unit(next).is_none())
        {
            self.hour_and_minute(number.digits()?)
        } else if length == 6 || number.whole().len() == 6 {
            self.six_digits(number)
        } else if matches!(length, 8 | 12 | 14) {
            self.compact(number.digits()?)
        } else if let Some((unit, ahead)) = self.unit() {
            self.at += ahead;
            self.clock.set(unit?, number)
        } else if let (Some(":"), Some(minute)) = (next, self.token(2)) {
            self.clock_face(number, minute)
        } else if let Some(mark @ ("-" | "/" | ".")) = next {
            self.days_between(number, mark)
        } else {
            self.hour_or_day(number.integer()?, next)
        }
    }

    /// `13` or `1314`, where a date came before.
    fn hour_and_minute(&mut self, digits: &str) -> Option<()> {
        let (hour, minute) = digits.split_at_checked(2)?;
        self.clock.hour = Some(integer(hour)?);
        if !minute.is_empty() {
            self.clock.minute = Some(integer(minute)?);
        }
        Some(())
    }

    /// `131415` or `131415.25`, or a date with two digits for the year if none came before.
    fn six_digits(&mut self, number: Number<'t>) -> Option<()> {
        let (first, rest) = number.whole().split_at_checked(2)?;
        let (second, third) = rest.split_at_checked(2)?;
        if self.days.len() == 0 && number.digits().is_some() {
            for part in [first, second, third] {
                self.days.push_digits(part)?;
            }
            return Some(());
        }
        self.clock.hour = Some(integer(first)?);
        self.clock.minute = Some(integer(second)?);
        self.clock.set_second(number.with_whole(third))
    }

    /// `20200229`, `202002291314` or `20200229131415`.
    fn compact(&mut self, digits: &str) -> Option<()> {
        let (year, rest) = digits.split_at_checked(4)?;
        let (month, rest) = rest.split_at_checked(2)?;
        let (day, rest) = rest.split_at_checked(2)?;
        for part in [year, month, day] {
            self.days.push_digits(part)?;
        }
        if rest.is_empty() {
            return Some(());
        }
        let (hour_and_minute, second) = rest.split_at_checked(4)?;
        self.hour_and_minute(hour_and_minute)?;
        if !second.is_empty() {
            self.clock.second = Some(integer(second)?);
        }
        Some(())
    }

    /// The unit of the number that is being read, and how far ahead it stands: the `h` of `13h` and `13 h`. The
    /// number after a unit, the `14` of `13h14`, is of the next smaller one, None if there is none.
    fn unit(&self) -> Option<(Option<Unit>, usize)> {
        let unit_at = |token: Option<&str>| token.and_then(words::unit);
        if let Some(unit) = unit_at(self.token(1)) {
            return Some((Some(unit), 1));
        }
        if self.is_at(1, " ")
            && let Some(unit) = unit_at(self.token(2))
        {
            return Some((Some(unit), 2));
        }
        if let Some(unit) = unit_at(self.token_before(1)) {
            return Some((unit.smaller(), 0));
        }
        if self.token(1).is_none() && self.token_before(1) == Some(" ") {
            let unit = unit_at(self.token_before(2))?;
            return Some((unit.smaller(), 0));
        }
        None
    }

    /// `13:14`, `13:14:15`, `13:14:15.25`.
    fn clock_face(&mut self, hour: Number<'t>, minute: &'t str) -> Option<()> {
        self.clock.hour = Some(hour.integer()?);
        self.clock.set_minute(Number::new(minute)?)?;
        self.at += 2;
        if self.is_at(1, ":")
            && let Some(second) = self.token(2)
        {
            self.clock.set_second(Number::new(second)?)?;
            self.at += 2;
        }
        Some(())
    }

    /// `2020-02-29`, `29-Feb-2020`, `2/29`.
    fn days_between(&mut self, first: Number<'t>, mark: &str) -> Option<()> {
        self.days.push_digits(first.digits()?)?;
        self.at += 1;
        let Some(second) = self.token(1).filter(|second| !words::is_jump(second)) else {
            return Some(());
        };
        self.day_or_month(second)?;
        self.at += 1;
        if self.is_at(1, mark) {
            self.day_or_month(self.token(2)?)?;
            self.at += 2;
            self.days.slashed = mark == "/";
        }
        Some(())
    }

    fn day_or_month(&mut self, token: &str) -> Option<()> {
        match words::month(token) {
            Some(month) => self.days.push_month(month),
            None => self.days.push_digits(token),
        }
    }

    /// `1 PM`, `1PM`, or a part of a date.
    fn hour_or_day(&mut self, value: u32, next: Option<&str>) -> Option<()> {
        let jumps = next.is_none_or(words::is_jump);
        let half_at = if jumps { 2 } else { 1 };
        if let Some(half) = self.token(half_at).and_then(words::half)
            && (jumps || value < 24)
        {
            self.clock.hour = Some(half.hour(value));
            self.at += half_at;
            return Some(());
        }
        self.at += usize::from(jumps);
        if jumps || self.days.could_be_day(value) {
            return self.days.push_value(value);
        }
        None
    }
}
