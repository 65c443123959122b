use std::panic::catch_unwind;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _};

use proptest::prelude::*;

use super::vectors::{GUESSED, READ, WRONG};
use super::{
    parse,
    parsed::{self, Parsed},
};

fn today() -> NaiveDate {
    day(2021, 7, 31)
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

fn read(text: &str) -> Option<String> {
    let moment: Parsed = parse(text, today)?;
    let written = moment.date().and_time(moment.time());
    Some(if moment.has_zone() {
        format!("{written:?} = {:?}Z", moment.utc())
    } else {
        assert_eq!(moment.utc(), written, "{text:?} has no zone to turn from");
        format!("{written:?}")
    })
}

#[test]
fn reads_what_dateutil_reads() {
    for (text, moment) in READ {
        assert_eq!(read(text).as_deref(), Some(*moment), "{text:?}");
    }
}

#[test]
fn refuses_what_dateutil_refuses() {
    for text in WRONG {
        assert_eq!(read(text), None, "{text:?}");
    }
}

#[test]
fn refuses_what_dateutil_guesses_at() {
    for text in GUESSED {
        assert_eq!(read(text), None, "{text:?}");
    }
}

#[test]
fn reads_up_to_128_bytes() {
    let padded = |spaces: usize| format!("2020-02-29{}", " ".repeat(spaces));

    assert_eq!(read(&padded(118)).as_deref(), Some("2020-02-29T00:00:00"));
    assert_eq!(read(&padded(119)), None);
    assert_eq!(read(&"1".repeat(100_000)), None);
}

#[test]
fn a_month_without_a_day_has_todays_or_its_last() {
    let february = |today| parse("Feb 2021", || today).map(|moment| moment.date());

    assert_eq!(february(day(2021, 7, 31)), Some(day(2021, 2, 28)));
    assert_eq!(february(day(2021, 7, 5)), Some(day(2021, 2, 5)));
}

#[test]
fn two_digits_are_the_nearest_such_year() {
    let year =
        |text, this_year| parse(text, || day(this_year, 6, 1)).map(|moment| moment.date().year());

    assert_eq!(year("1 Mar 70", 2021), Some(2070));
    assert_eq!(year("1 Mar 71", 2021), Some(1971));
    assert_eq!(year("1 Mar 20", 1961), Some(1920));
    assert_eq!(year("1 Mar 10", 1961), Some(2010));
}

#[test]
fn a_weekday_after_the_last_day_of_all_is_refused() {
    let last = day(9999, 12, 31);

    assert!(parse("Friday", || last).is_some_and(|moment| moment.date() == last));
    assert_eq!(parse("Saturday", || last), None);
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn moment(&mut self) -> NaiveDateTime {
        day(1000, 1, 1).and_time(NaiveTime::MIN)
            + TimeDelta::days(self.below(3_000_000).into())
            + TimeDelta::seconds(self.below(86_400).into())
            + TimeDelta::microseconds(self.below(1_000_000).into())
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 48] = [
            "2020",
            "02",
            "29",
            "0",
            "00",
            "1",
            "5",
            "99",
            "31",
            "060",
            "131415",
            "20200229",
            "999999999999",
            ":",
            "-",
            "/",
            ".",
            ",",
            " ",
            "T",
            "Z",
            "z",
            "+",
            "GMT",
            "EST",
            "(",
            ")",
            "am",
            "P",
            "h",
            "m",
            "s",
            "hours",
            "of",
            "at",
            "th",
            "Feb",
            "may",
            "Mon",
            "Sept",
            "\u{202f}",
            "é",
            "٣",
            "\0",
            "😀",
            "'",
            "_",
            "and",
        ];
        (0..=self.below(14))
            .map(|_| PIECES[self.below(48) as usize])
            .collect()
    }
}

#[test]
fn reads_back_any_moment_in_every_usual_form() {
    let mut dice = Dice(35);
    for _ in 0..1_000 {
        let moment = dice.moment();
        for form in [
            "%Y-%m-%dT%H:%M:%S%.6f",
            "%Y-%m-%d %H:%M:%S,%6f",
            "%Y%m%dT%H%M%S.%6f",
            "%a, %d %b %Y %H:%M:%S%.6f",
            "%A, %-d %B %Y %I:%M:%S%.6f %p",
            "%B %-d, %Y at %-Hh%Mm%S%.6fs",
            "%H:%M:%S%.6f %m/%d/%Y",
            "%a %b %e %H:%M:%S%.6f %Y",
        ] {
            let text = moment.format(form).to_string();
            let found = parse(&text, today).map(|moment| moment.utc());
            assert_eq!(found, Some(moment), "{text:?}");
        }
    }
}

#[test]
fn no_text_panics_or_leaves_the_calendar() {
    let mut dice = Dice(128);
    let mut reads = 0;
    for _ in 0..50_000 {
        let text = dice.text();

        let found = catch_unwind(|| parse(&text, today));

        let Ok(found) = found else {
            panic!("{text:?} panics")
        };
        if let Some(moment) = found {
            reads += 1;
            for year in [moment.date().year(), moment.utc().year()] {
                assert!((1..=9999).contains(&year), "{text:?} is in {year}");
            }
            assert!(
                moment.time().nanosecond() < 1_000_000_000,
                "{text:?} is in a leap second"
            );
            assert_eq!(
                moment.time().nanosecond() % 1_000,
                0,
                "{text:?} is finer than a microsecond"
            );
        }
    }
    assert!(reads > 500, "only {reads} texts were read at all");
}

proptest! {
    #[test]
    fn the_usual_form_is_read_as_all_others_are(
        year in 0_u32..10_000,
        (month, day) in (0_u32..14, 0_u32..33),
        (hour, minute, second) in (0_u32..26, 0_u32..62, 0_u32..62),
        fraction in prop_oneof![Just(String::new()), "\\.[0-9]{6}"],
        zone in prop_oneof![Just(""), Just("Z")],
    ) {
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}");

        prop_assert_eq!(parsed::plain(&text), parsed::read(&text, today()));
    }
}
