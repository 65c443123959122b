//! The binary form to values.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::{super::budget::Budget, invalid};
use crate::{
    data::{Data, Value},
    errors::Result,
};

/// Reads a property list.
///
/// Objects name one another by place, so that few bytes can stand for many values: what is named again is counted
/// again, and a list in itself ends where it is nested too deeply.
///
/// # Errors
///
/// [`Error::BadRequest`](crate::Error::BadRequest) where it is none, or holds more than the budget.
pub(super) fn read(body: &[u8], budget: Budget) -> Result<Value<'static>> {
    let trailer = body.len().checked_sub(32).ok_or_else(invalid)?;
    let in_trailer = |place, length| number(body, trailer + place, length);
    let table = in_trailer(24, 8)?;
    if table > trailer {
        return Err(invalid());
    }
    let (body, offsets) = bytes(body, 0, trailer)?.split_at(table);
    let mut reader = Reader {
        body,
        offsets,
        offset_width: in_trailer(6, 1)?,
        reference_width: in_trailer(7, 1)?,
        objects: in_trailer(8, 8)?,
        budget,
    };
    let top = in_trailer(16, 8)?;
    if !(1..=8).contains(&reader.offset_width) || !(1..=8).contains(&reader.reference_width) {
        return Err(invalid());
    }
    reader.object(top)
}

fn bytes(body: &[u8], place: usize, length: usize) -> Result<&[u8]> {
    let end = place.checked_add(length).ok_or_else(invalid)?;
    body.get(place..end).ok_or_else(invalid)
}

/// A number of up to eight bytes that is a place or a length.
fn number(body: &[u8], place: usize, width: usize) -> Result<usize> {
    let number = bytes(body, place, width)?
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    usize::try_from(number).map_err(|_| invalid())
}

struct Reader<'b> {
    /// The objects.
    body: &'b [u8],
    /// Where each of them begins.
    offsets: &'b [u8],
    offset_width: usize,
    reference_width: usize,
    objects: usize,
    budget: Budget,
}

impl Reader<'_> {
    fn object(&mut self, place: usize) -> Result<Value<'static>> {
        self.budget.node()?;
        if place >= self.objects {
            return Err(invalid());
        }
        let entry = place.checked_mul(self.offset_width).ok_or_else(invalid)?;
        let at = number(self.offsets, entry, self.offset_width)?;
        let marker = number(self.body, at, 1)?;
        let low = marker & 0x0f;
        match (marker >> 4, low) {
            (0x0, 0x0) => Ok(Value::Null),
            (0x0, 0x8) => Ok(Value::Bool(false)),
            (0x0, 0x9) => Ok(Value::Bool(true)),
            (0x1, 0..=4) => self.integer(at + 1, 1 << low),
            (0x2, 2) => real(f64::from(f32::from_be_bytes(self.array(at + 1)?))),
            (0x2, 3) => real(f64::from_be_bytes(self.array(at + 1)?)),
            (0x3, 3) => moment(f64::from_be_bytes(self.array(at + 1)?)),
            (0x4, _) => {
                let data = self.counted(at, low, 1)?;
                Ok(Value::Bytes(data.to_vec().into()))
            }
            (0x5, _) => {
                let text = self.counted(at, low, 1)?;
                let text = std::str::from_utf8(text)
                    .ok()
                    .filter(|text| text.is_ascii());
                Ok(Value::from(text.ok_or_else(invalid)?.to_owned()))
            }
            (0x6, _) => {
                let units = self.counted(at, low, 2)?.chunks_exact(2);
                let units: Vec<u16> = units
                    .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
                    .collect();
                String::from_utf16(&units)
                    .map(Value::from)
                    .map_err(|_| invalid())
            }
            (0xa | 0xc, _) => self.list(at, low),
            (0xd, _) => self.map(at, low),
            _ => Err(invalid()),
        }
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N]> {
        bytes(self.body, at, N)?.try_into().map_err(|_| invalid())
    }

    /// Those of up to four bytes have no sign.
    fn integer(&self, at: usize, width: usize) -> Result<Value<'static>> {
        Ok(match width {
            8 => Value::Int(i64::from_be_bytes(self.array(at)?)),
            16 => {
                let number = i128::from_be_bytes(self.array(at)?);
                super::super::formatting::whole_number(&number.to_string())
            }
            width => {
                let number = number(self.body, at, width)?;
                Value::Int(i64::try_from(number).map_err(|_| invalid())?)
            }
        })
    }

    /// The length that a marker tells, and where what it counts begins.
    fn length(&self, at: usize, low: usize) -> Result<(usize, usize)> {
        if low < 0x0f {
            return Ok((low, at + 1));
        }
        let marker = number(self.body, at + 1, 1)?;
        let width = match marker {
            0x10..=0x13 => 1 << (marker & 0x0f),
            _ => return Err(invalid()),
        };
        Ok((number(self.body, at + 2, width)?, at + 2 + width))
    }

    /// The bytes of so many units; long ones count for more than one value.
    fn counted(&mut self, at: usize, low: usize, unit: usize) -> Result<&[u8]> {
        let (length, start) = self.length(at, low)?;
        let length = length.checked_mul(unit).ok_or_else(invalid)?;
        let found = bytes(self.body, start, length)?;
        self.budget.take(length / 16)?;
        Ok(found)
    }

    /// The places of so many objects.
    fn references(
        &self,
        start: usize,
        length: usize,
    ) -> Result<impl Iterator<Item = Result<usize>> + use<>> {
        let width = self.reference_width;
        let total = length.checked_mul(width).ok_or_else(invalid)?;
        let places = bytes(self.body, start, total)?.to_vec();
        Ok((0..length).map(move |place| number(&places, place * width, width)))
    }

    fn list(&mut self, at: usize, low: usize) -> Result<Value<'static>> {
        let (length, start) = self.length(at, low)?;
        self.budget.enter()?;
        let mut values = Vec::new();
        for place in self.references(start, length)? {
            values.push(self.object(place?)?);
        }
        self.budget.leave();
        Ok(Value::List(values))
    }

    fn map(&mut self, at: usize, low: usize) -> Result<Value<'static>> {
        let (length, start) = self.length(at, low)?;
        let twice = length.checked_mul(2).ok_or_else(invalid)?;
        self.budget.enter()?;
        let places: Vec<usize> = self.references(start, twice)?.collect::<Result<_>>()?;
        let (names, values) = places.split_at(length);
        let mut pairs = Vec::new();
        for (name, value) in names.iter().zip(values) {
            let Value::Text(name) = self.object(*name)? else {
                return Err(invalid());
            };
            pairs.push((name, self.object(*value)?));
        }
        self.budget.leave();
        Ok(Value::Map(Data::from_pairs(pairs)))
    }
}

fn real(number: f64) -> Result<Value<'static>> {
    if number.is_finite() {
        Ok(Value::Float(number))
    } else {
        Err(invalid())
    }
}

/// A moment by its seconds since the first of January 2001.
fn moment(seconds: f64) -> Result<Value<'static>> {
    let start: Option<NaiveDateTime> =
        NaiveDate::from_ymd_opt(2001, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    // Ten thousand years, which leave room for the microseconds.
    if !seconds.is_finite() || seconds.abs() > 3.2e11 {
        return Err(invalid());
    }
    #[expect(clippy::cast_possible_truncation, reason = "it was bounded above")]
    let micros = (seconds * 1e6).round() as i64;
    let moment = start.and_then(|start| start.checked_add_signed(TimeDelta::microseconds(micros)));
    moment
        .filter(|moment| (1..=9_999).contains(&chrono::Datelike::year(moment)))
        .map(Value::DateTime)
        .ok_or_else(invalid)
}
