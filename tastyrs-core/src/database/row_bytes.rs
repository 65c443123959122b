//! A row as bytes, to be kept outside of the database and read again, perhaps by another build.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Cell, Lent, Loaded, Page};
use crate::data::stored_datetime;

/// What bytes of this form begin with; it changes when the form does.
const FORM: &[u8; 4] = b"row1";

impl Page {
    /// One of its rows as bytes.
    pub(crate) fn row_to_bytes(&self, row: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(FORM);
        out.extend_from_slice(&shape(self.columns()));
        for column in 0..self.columns().len() {
            write_cell(self.cell(row, column), &mut out);
        }
        out
    }

    /// The row that these bytes hold, if they are of this form and of these columns.
    ///
    /// They come from outside, so nothing in them is believed: what cannot be read in full is no row.
    pub(crate) fn from_row_bytes(bytes: &[u8], columns: &[Loaded]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(FORM)?.strip_prefix(&shape(columns))?;
        let mut page = Self::new(columns.into(), 1);
        for _ in columns {
            page.push(read_cell(&mut rest)?).ok()?;
        }
        rest.is_empty().then_some(page)
    }
}

fn write_cell(cell: Lent<'_>, out: &mut Vec<u8>) {
    let long = |tag: u8, bytes: &[u8], out: &mut Vec<u8>| {
        out.push(tag);
        // What stands in a page is shorter than four gigabytes: its spans are of 32 bits.
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    let short = |tag: u8, bytes: &[u8], out: &mut Vec<u8>| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match cell {
        Cell::Null => out.push(0),
        Cell::Bool(flag) => short(1, &[u8::from(flag)], out),
        Cell::Int(number) => short(2, &number.to_le_bytes(), out),
        Cell::Float(number) => short(3, &number.to_le_bytes(), out),
        Cell::Text(text) => long(4, text.as_bytes(), out),
        Cell::Decimal(digits) => long(5, digits.as_bytes(), out),
        Cell::StoredDateTime(text) => long(6, text.as_bytes(), out),
        Cell::DateTime(moment) => {
            short(7, &day_to_bytes(moment.date()), out);
            out.extend_from_slice(&time_to_bytes(moment.time()));
        }
        Cell::Date(day) => short(8, &day_to_bytes(day), out),
        Cell::Time(time) => short(9, &time_to_bytes(time), out),
        Cell::Uuid(uuid) => short(10, uuid.as_bytes(), out),
        Cell::Bytes(bytes) => long(11, bytes, out),
        Cell::Json(document) => long(12, document.as_bytes(), out),
    }
}

fn read_cell<'b>(rest: &mut &'b [u8]) -> Option<Lent<'b>> {
    Some(match take::<1>(rest)? {
        [0] => Cell::Null,
        [1] => Cell::Bool(match take(rest)? {
            [0] => false,
            [1] => true,
            _ => return None,
        }),
        [2] => Cell::Int(i64::from_le_bytes(take(rest)?)),
        [3] => Cell::Float(f64::from_le_bytes(take(rest)?)),
        [4] => Cell::Text(take_text(rest)?),
        [5] => {
            let digits = take_text(rest)?;
            // Formats write them down as they stand.
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
            if !digits.bytes().all(plain) {
                return None;
            }
            Cell::Decimal(digits)
        }
        [6] => {
            let text = take_text(rest)?;
            let is_of_the_form =
                text.is_ascii() && matches!(text.len(), 19 | 26) && stored_datetime(text).is_some();
            if !is_of_the_form {
                return None;
            }
            Cell::StoredDateTime(text)
        }
        [7] => Cell::DateTime(NaiveDateTime::new(take_day(rest)?, take_time(rest)?)),
        [8] => Cell::Date(take_day(rest)?),
        [9] => Cell::Time(take_time(rest)?),
        [10] => Cell::Uuid(Uuid::from_bytes(take(rest)?)),
        [11] => Cell::Bytes(take_long(rest)?),
        [12] => {
            let document = take_text(rest)?;
            serde_json::from_str::<serde::de::IgnoredAny>(document).ok()?;
            Cell::Json(document)
        }
        _ => return None,
    })
}

/// What the columns of a row are, and which build says so.
fn shape(columns: &[Loaded]) -> [u8; 32] {
    let said = format!("{} {columns:?}", env!("CARGO_PKG_VERSION"));
    Sha256::digest(said.as_bytes()).into()
}

fn day_to_bytes(day: NaiveDate) -> [u8; 4] {
    chrono::Datelike::num_days_from_ce(&day).to_le_bytes()
}

fn time_to_bytes(time: NaiveTime) -> [u8; 8] {
    let (seconds, nanoseconds) = (time.num_seconds_from_midnight(), time.nanosecond());
    (u64::from(seconds) << 32 | u64::from(nanoseconds)).to_le_bytes()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn take_long<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(u32::from_le_bytes(take(rest)?)).ok()?;
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn take_text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    std::str::from_utf8(take_long(rest)?).ok()
}

fn take_day(rest: &mut &[u8]) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::from_le_bytes(take(rest)?))
}

fn take_time(rest: &mut &[u8]) -> Option<NaiveTime> {
    let both = u64::from_le_bytes(take(rest)?);
    let low = both & u64::from(u32::MAX);
    NaiveTime::from_num_seconds_from_midnight_opt(
        u32::try_from(both >> 32).ok()?,
        u32::try_from(low).ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data::Value, fields::Kind};

    fn column(name: &'static str, kind: Kind) -> Loaded {
        Loaded {
            name,
            kind,
            decimal_places: None,
        }
    }

    /// A row with a value of every kind.
    fn row() -> (Page, Vec<Loaded>) {
        let columns: Vec<Loaded> = [
            ("id", Kind::BigInt),
            ("flag", Kind::Bool),
            ("ratio", Kind::Double),
            ("title", Kind::Text),
            ("price", Kind::Decimal),
            ("created", Kind::DateTime),
            ("updated", Kind::DateTime),
            ("day", Kind::Date),
            ("clock", Kind::Time),
            ("uuid", Kind::Uuid),
            ("bytes", Kind::Bytes),
            ("json", Kind::Json),
            ("nothing", Kind::Text),
        ]
        .into_iter()
        .map(|(name, kind)| column(name, kind))
        .collect();
        let mut page = Page::new(columns.clone().into(), 1);
        let day = NaiveDate::from_ymd_opt(2016, 2, 29).unwrap();
        let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
        for value in [
            Cell::Int(-7),
            Cell::Bool(true),
            Cell::Float(0.1),
            Cell::Text("Grüße"),
            Cell::Decimal("-12.50"),
            Cell::StoredDateTime("2010-03-19 01:18:01"),
            Cell::DateTime(day.and_time(time)),
            Cell::Date(day),
            Cell::Time(time),
            Cell::Uuid(Uuid::from_u128(7)),
            Cell::Bytes(&[0, 255]),
            Cell::Json(r#"{"a": [1]}"#),
            Cell::Null,
        ] {
            page.push(value).unwrap();
        }
        (page, columns)
    }

    fn values(page: &Page) -> Vec<Value<'_>> {
        (0..page.columns().len())
            .map(|column| page.value(0, column))
            .collect()
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let (page, columns) = row();

        let again = Page::from_row_bytes(&page.row_to_bytes(0), &columns).unwrap();

        assert_eq!(again.len(), 1);
        assert_eq!(values(&again), values(&page));
    }

    #[test]
    fn a_row_of_other_columns_or_another_form_is_none() {
        let (page, columns) = row();
        let bytes = page.row_to_bytes(0);

        let mut others = columns.clone();
        others[0].kind = Kind::Integer;
        let mut another_form = bytes.clone();
        another_form[3] = b'0';

        assert!(Page::from_row_bytes(&bytes, &others).is_none());
        assert!(Page::from_row_bytes(&bytes, &columns[1..]).is_none());
        assert!(Page::from_row_bytes(&another_form, &columns).is_none());
    }

    #[test]
    fn whatever_bytes_come_back_nothing_breaks() {
        let (page, columns) = row();
        let bytes = page.row_to_bytes(0);

        for length in 0..bytes.len() {
            assert!(Page::from_row_bytes(&bytes[..length], &columns).is_none());
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Page::from_row_bytes(&longer, &columns).is_none());
        for place in 0..bytes.len() {
            for changed in [0, 1, 0x22, 0x7f, 0x80, 0xff] {
                let mut wrong = bytes.clone();
                wrong[place] = changed;
                if let Some(read) = Page::from_row_bytes(&wrong, &columns) {
                    let written = crate::serializers::document(&Value::List(values(&read)));
                    serde_json::from_str::<serde::de::IgnoredAny>(&written).unwrap();
                }
            }
        }
    }
}
