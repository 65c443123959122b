//! Anything that serde can write, as the `Value` that the formats walk; and back into serde.

use std::{borrow::Cow, fmt::Display};

use serde::ser::{self, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::formatting::{self, DatetimeFormatting};
use crate::{
    data::{Data, Value},
    errors::{Error, Result},
};

/// Turns anything that serde can write into a [`Value`].
///
/// # Errors
///
/// [`Error::Configuration`] where it has no such form, as a map whose keys are no text.
pub(crate) fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value<'static>> {
    value
        .serialize(ToValue)
        .map_err(|wrong| Error::Configuration(format!("the data cannot be written: {wrong}")))
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::UInt(number) => serializer.serialize_u64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Decimal(text) | Value::Text(text) => serializer.serialize_str(text),
            Value::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Value::Map(data) => data.serialize(serializer),
            Value::Date(_) => serializer.serialize_newtype_struct(DATE, &text_of(self)),
            Value::Time(_) => serializer.serialize_newtype_struct(TIME, &text_of(self)),
            Value::DateTime(_) | Value::StoredDateTime(_) => {
                serializer.serialize_newtype_struct(DATETIME, &text_of(self))
            }
            Value::Uuid(_) | Value::Bytes(_) => serializer.serialize_str(&text_of(self)),
        }
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_object() {
            return serializer.serialize_newtype_struct(OBJECT, &Names(self));
        }
        Names(self).serialize(serializer)
    }
}

/// Data without the word that it is an object's.
struct Names<'v>(&'v Data<'v>);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        let mut written = Ok(());
        self.0.each(|name, value| {
            if written.is_ok() {
                written = map.serialize_entry(name.text, value);
            }
        });
        written?;
        map.end()
    }
}

// What serde has no word for, so that it comes through `to_value` as it went in; other serializers write what is
// inside.
const DATE: &str = "tastyrs::Date";
const TIME: &str = "tastyrs::Time";
const DATETIME: &str = "tastyrs::DateTime";
const OBJECT: &str = "tastyrs::Object";

/// The text of a value, as ISO 8601 has days and times.
fn text_of<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    formatting::text(value, DatetimeFormatting::Iso8601).unwrap_or_default()
}

/// The value that went in under such a name.
fn restored(name: &str, value: Value<'static>) -> Value<'static> {
    let read = match (name, &value) {
        (DATE, Value::Text(text)) => text.parse().ok().map(Value::Date),
        (TIME, Value::Text(text)) => text.parse().ok().map(Value::Time),
        (DATETIME, Value::Text(text)) => text.parse().ok().map(Value::DateTime),
        _ => None,
    };
    match (name, value) {
        (OBJECT, Value::Map(data)) => Value::Map(data.into_object()),
        (_, value) => read.unwrap_or(value),
    }
}

#[derive(Debug)]
pub(crate) struct Wrong(String);

impl Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

impl ser::Error for Wrong {
    fn custom<T: Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

type Written<T = Value<'static>> = Result<T, Wrong>;

struct ToValue;

/// Values in an order, and the name of the variant that they belong to.
struct List {
    values: Vec<Value<'static>>,
    variant: Option<&'static str>,
}

/// Values by name, the name that waits for its value, and the name of the variant that they belong to.
struct Map {
    data: Data<'static>,
    name: Option<String>,
    variant: Option<&'static str>,
}

fn of_variant(variant: Option<&'static str>, value: Value<'static>) -> Value<'static> {
    match variant {
        Some(variant) => Value::Map([(variant, value)].into_iter().collect()),
        None => value,
    }
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {$(
        fn $name(self, value: $type) -> Written {
            Ok(Value::Int(i64::from(value)))
        }
    )*};
}

impl Serializer for ToValue {
    type Ok = Value<'static>;
    type Error = Wrong;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Map;

    numbers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    numbers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32);

    fn serialize_u64(self, value: u64) -> Written {
        Ok(i64::try_from(value).map_or(Value::UInt(value), Value::Int))
    }

    fn serialize_bool(self, value: bool) -> Written {
        Ok(Value::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Written {
        Ok(Value::Float(f64::from(value)))
    }

    fn serialize_f64(self, value: f64) -> Written {
        Ok(Value::Float(value))
    }

    fn serialize_char(self, value: char) -> Written {
        Ok(Value::from(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Written {
        Ok(Value::from(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        Ok(Value::Bytes(value.to_vec().into()))
    }

    fn serialize_none(self) -> Written {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Written {
        Ok(restored(name, value.serialize(self)?))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        Ok(of_variant(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, length: Option<usize>) -> Written<List> {
        Ok(List {
            values: Vec::with_capacity(length.unwrap_or(0).min(1024)),
            variant: None,
        })
    }

    fn serialize_tuple(self, length: usize) -> Written<List> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Written<List> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Written<List> {
        Ok(List {
            variant: Some(variant),
            ..self.serialize_seq(Some(length))?
        })
    }

    fn serialize_map(self, length: Option<usize>) -> Written<Map> {
        Ok(Map {
            data: Data::with_capacity(length.unwrap_or(0).min(1024)),
            name: None,
            variant: None,
        })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Written<Map> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Written<Map> {
        Ok(Map {
            variant: Some(variant),
            ..self.serialize_map(Some(length))?
        })
    }
}

macro_rules! list {
    ($($trait:ident::$method:ident),*) => {$(
        impl ser::$trait for List {
            type Ok = Value<'static>;
            type Error = Wrong;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Written<()> {
                self.values.push(value.serialize(ToValue)?);
                Ok(())
            }

            fn end(self) -> Written {
                Ok(of_variant(self.variant, Value::List(self.values)))
            }
        }
    )*};
}
list!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Map {
            type Ok = Value<'static>;
            type Error = Wrong;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written<()> {
                self.data.insert(name, value.serialize(ToValue)?);
                Ok(())
            }

            fn end(self) -> Written {
                Ok(of_variant(self.variant, Value::Map(self.data)))
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Map {
    type Ok = Value<'static>;
    type Error = Wrong;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written<()> {
        self.name = Some(match key.serialize(ToValue)? {
            Value::Text(text) => text.into_owned(),
            Value::Int(number) => number.to_string(),
            _ => return Err(Wrong("the keys of a map must be text".to_owned())),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written<()> {
        let name = self.name.take().unwrap_or_default();
        self.data.insert(name, value.serialize(ToValue)?);
        Ok(())
    }

    fn end(self) -> Written {
        Ok(of_variant(self.variant, Value::Map(self.data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_with_data_in_it_is_written_like_data() {
        #[derive(serde::Serialize)]
        struct Found {
            page: u32,
            objects: Vec<Data<'static>>,
        }
        let note: Data<'static> = [("title", Value::from("a")), ("id", Value::Int(1))]
            .into_iter()
            .collect();

        let value = to_value(&Found {
            page: 2,
            objects: vec![note],
        })
        .unwrap();

        let out = super::super::Serializer::json()
            .serialize(&value, "application/json")
            .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"objects": [{"id": 1, "title": "a"}], "page": 2}"#
        );
    }
}
