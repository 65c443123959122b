//! What a client sends as the value of a field, read as Tastypie's and Django's fields read it.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bigdecimal::BigDecimal;
use uuid::Uuid;

use super::{FieldType as _, Kind, moment};
use crate::{
    data::Value,
    errors::{Error, Result},
    queries::{date, datetime, python},
    serializers::float_text,
};

/// What a value is read for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'f> {
    /// The field's name, for what is told when the value is none of its kind.
    pub(crate) name: &'f str,
    pub(crate) kind: Kind,
    pub(crate) null: bool,
    /// The least and greatest whole number that it may be.
    pub(crate) range: (i64, i64),
    /// The most characters of a text.
    pub(crate) max_length: Option<u32>,
    /// The most digits of a decimal.
    pub(crate) max_digits: Option<u32>,
    pub(crate) decimal_places: Option<u32>,
    /// Whether a floating point number may be infinite or none at all.
    pub(crate) not_finite: bool,
    /// Whether a text may hold the character NUL.
    pub(crate) nul: bool,
}

impl<'f> Wanted<'f> {
    /// Any value of a kind.
    pub(crate) fn any(name: &'f str, kind: Kind, null: bool) -> Self {
        Self {
            name,
            kind,
            null,
            range: (i64::MIN, i64::MAX),
            max_length: None,
            max_digits: None,
            decimal_places: None,
            not_finite: false,
            nul: true,
        }
    }

    /// Reads a value, which is not null; of an optional field empty text may be nothing.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`], naming the field, where the value is none of its kind.
    ///
    /// # Compatibility
    ///
    /// `hydrate` of the fields in `fields.py` and `get_prep_value` of Django's fields behind them. What makes those
    /// answer 500 is a 400 here.
    pub(crate) fn read(&self, value: &Value<'_>) -> Result<Value<'static>> {
        match self.kind {
            Kind::SmallInt | Kind::Integer | Kind::BigInt => self.integer(value),
            Kind::Float | Kind::Double => self.float(value),
            Kind::Bool => self.boolean(value),
            Kind::Text => self.text(value),
            Kind::Decimal => self.decimal(value),
            Kind::Date => self.date(value),
            Kind::Time => self.time(value),
            Kind::DateTime => self.datetime(value),
            Kind::Uuid => self.uuid(value),
            Kind::Bytes => self.bytes(value),
            Kind::Json => Ok(value.clone().into_owned()),
            Kind::List => match value {
                Value::List(_) => Ok(value.clone().into_owned()),
                other => Err(self.wrong(other, "a list")),
            },
            Kind::Dict => match value {
                Value::Map(_) => Ok(value.clone().into_owned()),
                other => Err(self.wrong(other, "an object")),
            },
        }
    }

    /// [`read`](Self::read) of a value that nobody else needs: text is kept as it is.
    pub(crate) fn take(&self, value: Value<'static>) -> Result<Value<'static>> {
        match value {
            Value::Text(text) if self.kind == Kind::Text => {
                self.check_text(&text)?;
                Ok(Value::Text(text))
            }
            other => self.read(&other),
        }
    }

    /// A value that is none of the field's kind.
    pub(crate) fn wrong(&self, value: &Value<'_>, wanted: &str) -> Error {
        Error::bad_request(format!(
            "The '{}' field expected {wanted} but got '{}'.",
            self.name,
            told(value)
        ))
    }

    fn integer(&self, value: &Value<'_>) -> Result<Value<'static>> {
        let number = match value {
            Value::Int(number) => Some(*number),
            Value::Bool(flag) => Some(i64::from(*flag)),
            Value::Float(number) => whole(*number),
            Value::Text(text) => match python::int(text) {
                Some(python::Int::Fits(number)) => Some(number),
                _ => None,
            },
            Value::Decimal(digits) => digits
                .split('.')
                .next()
                .and_then(|whole| whole.parse().ok()),
            _ => None,
        };
        match number {
            None => Err(self.wrong(value, "a whole number")),
            Some(number) if number < self.range.0 || number > self.range.1 => Err(self.wrong(
                value,
                &format!("a number from {} to {}", self.range.0, self.range.1),
            )),
            Some(number) => Ok(Value::Int(number)),
        }
    }

    fn float(&self, value: &Value<'_>) -> Result<Value<'static>> {
        let number = match value {
            #[expect(
                clippy::cast_precision_loss,
                reason = "that is what a float is asked for"
            )]
            Value::Int(number) => Some(*number as f64),
            #[expect(
                clippy::cast_precision_loss,
                reason = "that is what a float is asked for"
            )]
            Value::UInt(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Value::Text(text) | Value::Decimal(text) => python::float(text),
            _ => None,
        };
        // No JSON can show what is not finite, and half as many bits hold no more than their own greatest.
        let fits = |number: &f64| {
            if number.is_finite() {
                self.kind != Kind::Float || number.abs() <= f64::from(f32::MAX)
            } else {
                self.not_finite
            }
        };
        number
            .filter(fits)
            .map(Value::Float)
            .ok_or_else(|| self.wrong(value, "a number"))
    }

    fn boolean(&self, value: &Value<'_>) -> Result<Value<'static>> {
        let flag = match value {
            Value::Bool(flag) => Some(*flag),
            Value::Int(1) => Some(true),
            Value::Int(0) => Some(false),
            #[expect(clippy::float_cmp, reason = "Python asks whether it is one of the two")]
            Value::Float(number) if *number == 1.0 => Some(true),
            Value::Float(number) if *number == 0.0 => Some(false),
            Value::Text(text) => match text.as_ref() {
                "t" | "True" | "1" => Some(true),
                "f" | "False" | "0" => Some(false),
                "" if self.null => return Ok(Value::Null),
                _ => None,
            },
            _ => None,
        };
        flag.map(Value::Bool).ok_or_else(|| {
            let choices = if self.null {
                "either True, False, or None"
            } else {
                "either True or False"
            };
            Error::invalid(&format!("“{}” value must be {choices}.", told(value)))
        })
    }

    fn text(&self, value: &Value<'_>) -> Result<Value<'static>> {
        let text = match value {
            Value::Text(text) => text.clone().into_owned(),
            Value::List(_) | Value::Map(_) | Value::Bytes(_) | Value::Null => {
                return Err(self.wrong(value, "a text"));
            }
            plain => python_str(plain),
        };
        self.check_text(&text)?;
        Ok(Value::from(text))
    }

    /// Whether the field can hold this text.
    pub(crate) fn check_text(&self, text: &str) -> Result<()> {
        if !self.nul && text.contains('\0') {
            return Err(Error::bad_request(format!(
                "The '{}' field cannot hold the character NUL.",
                self.name
            )));
        }
        // No text has more characters than bytes.
        let too_long =
            |most: u32| text.len() > most as usize && text.chars().count() > most as usize;
        match self.max_length {
            Some(most) if too_long(most) => Err(Error::bad_request(format!(
                "The '{}' field has at most {most} characters (it has {}).",
                self.name,
                text.chars().count()
            ))),
            _ => Ok(()),
        }
    }

    fn decimal(&self, value: &Value<'_>) -> Result<Value<'static>> {
        let none = || {
            Error::invalid(&format!(
                "“{}” value must be a decimal number.",
                told(value)
            ))
        };
        let number: BigDecimal = match value {
            Value::Int(number) => (*number).into(),
            Value::UInt(number) => (*number).into(),
            Value::Bool(flag) => u8::from(*flag).into(),
            Value::Float(number) if number.is_finite() => {
                python::decimal(&float_text(*number)).ok_or_else(none)?
            }
            Value::Text(text) | Value::Decimal(text) => match python::decimal(text) {
                Some(number) => number,
                None if text.is_empty() || is_no_number(text) => return Err(none()),
                None => {
                    return Err(Error::bad_request(format!(
                        "Invalid decimal string for '{}' field: '{}'",
                        self.name,
                        told(value)
                    )));
                }
            },
            _ => return Err(none()),
        };
        if let (Some(most), Some(places)) = (self.max_digits, self.decimal_places) {
            let rounded = crate::database::digits(&number, Some(places));
            let digits = rounded
                .trim_start_matches(['-', '0'])
                .bytes()
                .filter(u8::is_ascii_digit)
                .count();
            if digits > most as usize {
                return Err(Error::bad_request(format!(
                    "The '{}' field has at most {most} digits, {places} of them behind the point.",
                    self.name
                )));
            }
        }
        Ok(Value::Decimal(number.to_plain_string().into()))
    }

    fn date(&self, value: &Value<'_>) -> Result<Value<'static>> {
        match value {
            Value::Date(day) => Ok(Value::Date(*day)),
            Value::DateTime(moment) => Ok(Value::Date(moment.date())),
            Value::Text(text) => match moment::parse(text, today) {
                Some(parsed) => Ok(Value::Date(parsed.date())),
                None => date(text).map(Value::Date),
            },
            other => Err(self.wrong(other, "a date as a text")),
        }
    }

    fn time(&self, value: &Value<'_>) -> Result<Value<'static>> {
        match value {
            Value::Time(time) => Ok(Value::Time(*time)),
            Value::Text(text) => moment::parse(text, today)
                .map(|parsed| Value::Time(parsed.time()))
                .ok_or_else(|| {
                    Error::bad_request(format!(
                        "Time provided to '{}' field doesn't appear to be a valid time string: '{}'",
                        self.name,
                        told(value)
                    ))
                }),
            other => Err(self.wrong(other, "a time as a text")),
        }
    }

    fn datetime(&self, value: &Value<'_>) -> Result<Value<'static>> {
        match value {
            Value::DateTime(moment) => Ok(Value::DateTime(*moment)),
            Value::StoredDateTime(_) => Ok(value.clone().into_owned()),
            Value::Date(day) => Ok(Value::DateTime(day.and_time(chrono::NaiveTime::MIN))),
            Value::Text(text) if text.is_empty() => datetime(text).map(Value::DateTime),
            Value::Text(text) => moment::parse(text, today)
                .map(|parsed| Value::DateTime(parsed.utc()))
                .ok_or_else(|| {
                    Error::bad_request(format!(
                        "Datetime provided to '{}' field doesn't appear to be a valid datetime string: '{}'",
                        self.name,
                        told(value)
                    ))
                }),
            other => Err(Error::bad_request(format!(
                "Datetime provided to '{}' field must be a string: {}",
                self.name,
                told(other)
            ))),
        }
    }

    fn uuid(&self, value: &Value<'_>) -> Result<Value<'static>> {
        match value {
            Value::Uuid(uuid) => Ok(Value::Uuid(*uuid)),
            Value::Text(text) => Uuid::parse_str(text.trim())
                .map(Value::Uuid)
                .map_err(|_| Error::invalid(&format!("“{}” is not a valid UUID.", told(value)))),
            other => Err(self.wrong(other, "a UUID")),
        }
    }

    fn bytes(&self, value: &Value<'_>) -> Result<Value<'static>> {
        match value {
            Value::Bytes(bytes) => Ok(Value::Bytes(bytes.clone().into_owned().into())),
            Value::Text(text) => STANDARD
                .decode(text.as_bytes())
                .map(|bytes| Value::Bytes(bytes.into()))
                .map_err(|_| self.wrong(value, "bytes in base 64")),
            other => Err(self.wrong(other, "bytes in base 64")),
        }
    }
}

/// Reads a value of a source without a model into the object; whether it was one of the type.
#[doc(hidden)]
pub fn assign<T: super::FieldType>(place: &mut T, value: &Value<'_>) -> bool {
    T::from_value(value).is_some_and(|read| {
        *place = read;
        true
    })
}

fn today() -> chrono::NaiveDate {
    crate::clock::now().date()
}

/// A floating point number without its fraction, if that fits.
fn whole(number: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "the bounds are powers of two, which are exact"
    )]
    (number >= i64::MIN as f64 && number < i64::MAX as f64).then(|| number.trunc() as i64)
}

/// Whether text is what Python's `Decimal` reads as infinity or as no number.
fn is_no_number(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['+', '-']);
    ["inf", "infinity", "nan", "snan"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// A value as a message shows it: Python's `str`, cut where it is long.
pub(crate) fn told(value: &Value<'_>) -> String {
    const MOST: usize = 200;
    let mut text = python_str(value);
    if let Some((end, _)) = text.char_indices().nth(MOST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Python's `str` of a value.
fn python_str(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) | Value::Decimal(text) => text.clone().into_owned(),
        other => {
            let mut out = String::new();
            python_repr(other, &mut out);
            out
        }
    }
}

/// Python's `repr` of a value, as far as a message needs it.
fn python_repr(value: &Value<'_>, out: &mut String) {
    // Whoever is told of a list of a million things is told of its beginning.
    const MOST: usize = 4_096;
    if out.len() > MOST {
        return;
    }
    let written = match value {
        Value::Null => write!(out, "None"),
        Value::Bool(flag) => write!(out, "{}", if *flag { "True" } else { "False" }),
        Value::Int(number) => write!(out, "{number}"),
        Value::UInt(number) => write!(out, "{number}"),
        Value::Float(number) => write!(out, "{}", float_text(*number)),
        Value::Decimal(digits) => write!(out, "{digits}"),
        Value::Text(text) => write!(out, "{}", crate::errors::python_repr(text)),
        Value::Date(day) => write!(out, "{day}"),
        Value::Time(time) => write!(out, "{time}"),
        Value::DateTime(moment) => write!(out, "{moment}"),
        Value::StoredDateTime(text) => write!(out, "{text}"),
        Value::Uuid(uuid) => write!(out, "{uuid}"),
        Value::Bytes(bytes) => write!(out, "{} bytes", bytes.len()),
        Value::List(values) => {
            out.push('[');
            for (position, value) in values.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                python_repr(value, out);
            }
            out.push(']');
            Ok(())
        }
        Value::Map(data) => {
            out.push('{');
            for (position, (name, value)) in data.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                out.push_str(&crate::errors::python_repr(name));
                out.push_str(": ");
                python_repr(value, out);
            }
            out.push('}');
            Ok(())
        }
    };
    debug_assert!(written.is_ok(), "a `String` takes all text");
}

/// Whether two values of a column are the same, in whatever form they are kept.
pub(crate) fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    let decimal = |text: &str| text.parse::<BigDecimal>().ok();
    match (one, other) {
        (Value::Decimal(one), Value::Decimal(other)) => decimal(one) == decimal(other),
        (Value::StoredDateTime(_), _) | (_, Value::StoredDateTime(_)) => {
            let moment = |value: &Value<'_>| chrono::NaiveDateTime::from_value(value);
            moment(one) == moment(other)
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, value: impl Into<Value<'static>>) -> Result<Value<'static>> {
        Wanted::any("it", kind, false).read(&value.into())
    }

    fn refusal(kind: Kind, value: impl Into<Value<'static>>) -> String {
        read(kind, value).unwrap_err().to_string()
    }

    #[test]
    fn numbers_are_read_from_whatever_python_reads_them_from() {
        assert_eq!(read(Kind::Integer, " 12 ").unwrap(), Value::Int(12));
        assert_eq!(read(Kind::Integer, 2.9).unwrap(), Value::Int(2));
        assert_eq!(read(Kind::Integer, true).unwrap(), Value::Int(1));
        assert_eq!(read(Kind::Double, "1e-3").unwrap(), Value::Float(1e-3));
        assert_eq!(
            read(Kind::Decimal, "1e3").unwrap(),
            Value::Decimal("1000".into())
        );
        assert_eq!(
            read(Kind::Decimal, 9.99).unwrap(),
            Value::Decimal("9.99".into())
        );
    }

    #[test]
    fn what_is_no_number_is_told_with_its_field() {
        assert_eq!(
            refusal(Kind::Integer, "1.5"),
            "The 'it' field expected a whole number but got '1.5'."
        );
        assert_eq!(
            refusal(Kind::Decimal, "abc"),
            "Invalid decimal string for 'it' field: 'abc'"
        );
        assert_eq!(
            refusal(Kind::Decimal, "Infinity"),
            "['“Infinity” value must be a decimal number.']"
        );
        assert!(read(Kind::Double, f64::NAN).is_err());
        assert!(read(Kind::Integer, 1e300).is_err());
    }

    #[test]
    fn a_decimal_of_too_many_digits_is_refused_before_it_is_stored() {
        let price = Wanted {
            max_digits: Some(10),
            decimal_places: Some(2),
            ..Wanted::any("price", Kind::Decimal, false)
        };

        assert!(price.read(&"99999999.99".into()).is_ok());
        assert!(price.read(&"1.239".into()).is_ok());
        assert!(price.read(&"123456789.12".into()).is_err());
    }

    #[test]
    fn truth_is_read_from_djangos_words_alone() {
        assert_eq!(read(Kind::Bool, "True").unwrap(), Value::Bool(true));
        assert_eq!(read(Kind::Bool, 0).unwrap(), Value::Bool(false));
        assert_eq!(
            refusal(Kind::Bool, 2),
            "['“2” value must be either True or False.']"
        );
        let maybe = Wanted::any("maybe", Kind::Bool, true);
        assert_eq!(maybe.read(&"".into()).unwrap(), Value::Null);
    }

    #[test]
    fn plain_values_become_text_as_python_writes_them() {
        assert_eq!(read(Kind::Text, 7).unwrap(), Value::from("7"));
        assert_eq!(read(Kind::Text, true).unwrap(), Value::from("True"));
        assert!(read(Kind::Text, vec![1]).is_err());
    }

    #[test]
    fn what_a_message_shows_of_a_value_is_cut() {
        let long = Value::from("x".repeat(10_000));

        assert_eq!(told(&long).chars().count(), 201);
        assert_eq!(told(&vec!["a"].into()), "['a']");
    }
}
