//! The Rust types that a field or column can have.

use std::borrow::Cow;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use uuid::Uuid;

use super::Kind;
use crate::{
    data::{Data, Value, stored_datetime},
    errors::{Error, Result},
};

/// A Rust type that a field or a column can have.
///
/// A type of one's own is a field when it says how it becomes a [`Value`] and back:
///
/// ```
/// use tastyrs_core::{data::Value, fields::{FieldType, Kind}};
///
/// #[derive(Debug, PartialEq)]
/// enum Size { Small, Large }
///
/// impl FieldType for Size {
///     const KIND: Kind = Kind::Text;
///
///     fn to_value(&self) -> Value<'_> {
///         Value::from(match self { Self::Small => "small", Self::Large => "large" })
///     }
///
///     fn from_value(value: &Value<'_>) -> Option<Self> {
///         match value.as_str()? { "small" => Some(Self::Small), "large" => Some(Self::Large), _ => None }
///     }
/// }
///
/// assert_eq!(Size::from_value(&Size::Large.to_value()), Some(Size::Large));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a field or column",
    label = "not a type of a field",
    note = "fields are integers, floats, `bool`, `String`, decimals, dates, times, UUIDs, JSON, bytes, and `Option`s of them",
    note = "a type of your own is one when it implements `tastyrs::fields::FieldType`"
)]
pub trait FieldType: Sized {
    /// What it holds.
    const KIND: Kind;
    /// Whether it may hold nothing.
    const NULLABLE: bool = false;
    /// Whether what it holds is known only when it is there.
    #[doc(hidden)]
    const ANYTHING: bool = false;

    /// The value that a client is shown.
    fn to_value(&self) -> Value<'_>;

    /// The value of which `to_value` made this one, or `None` where it is of another form.
    fn from_value(value: &Value<'_>) -> Option<Self>;
}

macro_rules! integer {
    ($($type:ty => $kind:ident),*) => {$(
        impl FieldType for $type {
            const KIND: Kind = Kind::$kind;
            fn to_value(&self) -> Value<'_> {
                Value::from(*self)
            }
            fn from_value(value: &Value<'_>) -> Option<Self> {
                value.as_int()?.try_into().ok()
            }
        }
    )*};
}
integer!(i16 => SmallInt, i32 => Integer, i64 => BigInt, u16 => Integer, u32 => BigInt);

impl FieldType for usize {
    const KIND: Kind = Kind::BigInt;
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        value.as_int()?.try_into().ok()
    }
}

macro_rules! plain {
    ($($type:ty, $kind:ident, $pattern:pat => $value:expr;)*) => {$(
        impl FieldType for $type {
            const KIND: Kind = Kind::$kind;
            fn to_value(&self) -> Value<'_> {
                Value::from(*self)
            }
            fn from_value(value: &Value<'_>) -> Option<Self> {
                match value {
                    $pattern => $value,
                    _ => None,
                }
            }
        }
    )*};
}
plain! {
    bool, Bool, Value::Bool(flag) => Some(*flag);
    f64, Double, Value::Float(number) => Some(*number);
    NaiveDate, Date, Value::Date(day) => Some(*day);
    NaiveTime, Time, Value::Time(time) => Some(*time);
    Uuid, Uuid, Value::Uuid(uuid) => Some(*uuid);
}

impl FieldType for f32 {
    const KIND: Kind = Kind::Float;
    fn to_value(&self) -> Value<'_> {
        Value::Float(f64::from(*self))
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the column has 32 bits, as has what was read from it"
            )]
            Value::Float(number) => Some(*number as Self),
            _ => None,
        }
    }
}

impl FieldType for NaiveDateTime {
    const KIND: Kind = Kind::DateTime;
    fn to_value(&self) -> Value<'_> {
        Value::DateTime(*self)
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::DateTime(moment) => Some(*moment),
            Value::StoredDateTime(text) => stored_datetime(text),
            _ => None,
        }
    }
}

impl FieldType for DateTime<Utc> {
    const KIND: Kind = Kind::DateTime;
    fn to_value(&self) -> Value<'_> {
        Value::DateTime(self.naive_utc())
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        NaiveDateTime::from_value(value).map(|moment| moment.and_utc())
    }
}

impl FieldType for String {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        value.as_str().map(ToOwned::to_owned)
    }
}

impl FieldType for &'static str {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
    fn from_value(_: &Value<'_>) -> Option<Self> {
        None
    }
}

impl FieldType for BigDecimal {
    const KIND: Kind = Kind::Decimal;
    fn to_value(&self) -> Value<'_> {
        Value::Decimal(Cow::Owned(self.to_plain_string()))
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Decimal(digits) => digits.parse().ok(),
            _ => None,
        }
    }
}

impl FieldType for Vec<u8> {
    const KIND: Kind = Kind::Bytes;
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl<T: FieldType> FieldType for Vec<T> {
    const KIND: Kind = Kind::List;
    fn to_value(&self) -> Value<'_> {
        Value::List(self.iter().map(FieldType::to_value).collect())
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::List(values) => values.iter().map(T::from_value).collect(),
            _ => None,
        }
    }
}

impl<T: FieldType> FieldType for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, FieldType::to_value)
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
}

impl FieldType for serde_json::Value {
    const KIND: Kind = Kind::Json;
    fn to_value(&self) -> Value<'_> {
        json_to_value(self)
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        value_to_json(value)
    }
}

impl FieldType for Value<'static> {
    const KIND: Kind = Kind::Text;
    const NULLABLE: bool = true;
    const ANYTHING: bool = true;
    fn to_value(&self) -> Value<'_> {
        self.clone()
    }
    fn from_value(value: &Value<'_>) -> Option<Self> {
        Some(value.clone().into_owned())
    }
}

fn json_to_value(json: &serde_json::Value) -> Value<'_> {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => match number.as_u64() {
                Some(whole) => Value::UInt(whole),
                None => number.as_f64().map_or(Value::Null, Value::Float),
            },
        },
        serde_json::Value::String(text) => Value::Text(Cow::Borrowed(text)),
        serde_json::Value::Array(values) => Value::List(values.iter().map(json_to_value).collect()),
        serde_json::Value::Object(map) => Value::Map(
            map.iter()
                .map(|(name, value)| (name.as_str(), json_to_value(value)))
                .collect::<Data<'_>>(),
        ),
    }
}

fn value_to_json(value: &Value<'_>) -> Option<serde_json::Value> {
    Some(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::UInt(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) | Value::Decimal(text) => text.as_ref().into(),
        Value::List(values) => {
            serde_json::Value::Array(values.iter().map(value_to_json).collect::<Option<_>>()?)
        }
        Value::Map(data) => serde_json::Value::Object(
            data.iter()
                .map(|(name, value)| Some((name.to_owned(), value_to_json(value)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

/// What a hook of a field may answer: a value of a field's type, or the error that it met.
pub trait Dehydrated {
    /// What it holds, where that is known.
    #[doc(hidden)]
    const KIND: Option<Kind>;
    #[doc(hidden)]
    fn dehydrated(self) -> Result<Value<'static>>;
}

impl<T: FieldType> Dehydrated for T {
    const KIND: Option<Kind> = if T::ANYTHING { None } else { Some(T::KIND) };

    fn dehydrated(self) -> Result<Value<'static>> {
        Ok(self.to_value().into_owned())
    }
}

impl<T: FieldType> Dehydrated for std::result::Result<T, Error> {
    const KIND: Option<Kind> = if T::ANYTHING { None } else { Some(T::KIND) };

    fn dehydrated(self) -> Result<Value<'static>> {
        self.map(|value| value.to_value().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_nothing_is_null_and_comes_back_as_nothing() {
        assert_eq!(None::<i32>.to_value(), Value::Null);
        assert_eq!(Option::<i32>::from_value(&Value::Null), Some(None));
        assert_eq!(Option::<i32>::from_value(&Value::Int(3)), Some(Some(3)));
    }

    #[test]
    fn a_number_out_of_range_is_no_value_of_its_type() {
        assert_eq!(i16::from_value(&Value::Int(70_000)), None);
    }

    #[test]
    fn json_documents_survive_the_way_out_and_back() {
        let document = serde_json::json!({"b": [1, 2.5, null], "a": {"c": true}});

        let back = serde_json::Value::from_value(&document.to_value());

        assert_eq!(back, Some(document));
    }
}
