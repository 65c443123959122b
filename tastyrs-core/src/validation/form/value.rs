//! A value as serde reads it, as forgiving as Django's fields.

use std::cell::Cell;

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
};

use super::{
    plain::{newtype, nothing},
    reading::{INVALID, Wrong},
};
use crate::data::{Data, Value};

/// A value that is read, and whether a NUL was read with it.
#[derive(Clone, Copy)]
pub(super) struct Reading<'v> {
    pub(super) value: &'v Value<'v>,
    pub(super) nul: &'v Cell<bool>,
}

/// Text without the space around it.
///
/// # Compatibility
///
/// Python's `str.strip`, which also takes the four separators of ASCII for space.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// Whether it is as good as nothing for a form: null, or text that is empty or all space.
pub(super) fn is_blank(value: &Value<'_>) -> bool {
    value.is_nothing() || value.as_str().is_some_and(|text| trimmed(text).is_empty())
}

impl Reading<'_> {
    /// As text, as far as it has a form that people read.
    fn text<E>(&self, read: impl FnOnce(&str) -> Result<E, Wrong>) -> Result<E, Wrong> {
        match self.value {
            Value::Text(text) => {
                if text.contains('\0') {
                    self.nul.set(true);
                }
                read(trimmed(text))
            }
            Value::Bool(flag) => read(if *flag { "True" } else { "False" }),
            Value::Int(number) => read(&number.to_string()),
            Value::UInt(number) => read(&number.to_string()),
            Value::Decimal(digits) => read(digits),
            Value::Uuid(uuid) => read(&uuid.to_string()),
            Value::Float(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::StoredDateTime(_) => {
                let written = crate::serializers::document(self.value);
                read(written.trim_matches('"'))
            }
            Value::Null | Value::Bytes(_) | Value::List(_) | Value::Map(_) => {
                Err(Wrong::new(INVALID))
            }
        }
    }

    fn whole(&self) -> Result<i128, Wrong> {
        const WRONG: Wrong = Wrong::new("Enter a whole number.");
        match self.value {
            Value::Int(number) => Ok(i128::from(*number)),
            Value::UInt(number) => Ok(i128::from(*number)),
            Value::Float(_) | Value::Text(_) | Value::Decimal(_) => self.text(|text| {
                let digits = text.split_once('.').map_or(text, |(whole, zeros)| {
                    if zeros.bytes().all(|byte| byte == b'0') {
                        whole
                    } else {
                        text
                    }
                });
                digits.parse().map_err(|_| WRONG)
            }),
            _ => Err(WRONG),
        }
    }

    fn number(&self) -> Result<f64, Wrong> {
        const WRONG: Wrong = Wrong::new("Enter a number.");
        let number: f64 = match self.value {
            Value::Float(number) => *number,
            Value::Int(_) | Value::UInt(_) | Value::Text(_) | Value::Decimal(_) => {
                self.text(|text| text.parse().map_err(|_| WRONG))?
            }
            _ => return Err(WRONG),
        };
        if number.is_finite() {
            Ok(number)
        } else {
            Err(WRONG)
        }
    }

    fn flag(&self) -> Result<bool, Wrong> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            Value::Text(text) => match trimmed(text) {
                "true" | "True" | "1" => Ok(true),
                "false" | "False" | "0" => Ok(false),
                _ => Err(Wrong::new(INVALID)),
            },
            _ => Err(Wrong::new(INVALID)),
        }
    }
}

macro_rules! whole {
    ($($deserialize:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let number = self.whole()?;
            match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (_, Ok(number)) => visitor.visit_u64(number),
                _ => visitor.visit_i128(number),
            }
        }
    )*};
}

macro_rules! text {
    ($($deserialize:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            self.text(|text| visitor.visit_str(text))
        }
    )*};
}

impl<'de> Deserializer<'de> for Reading<'_> {
    type Error = Wrong;

    whole! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }
    nothing! {}
    newtype! {}
    text! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Int(number) => visitor.visit_i64(*number),
            Value::UInt(number) => visitor.visit_u64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Bytes(bytes) => visitor.visit_bytes(bytes),
            Value::List(values) => visitor.visit_seq(Values(values.iter(), self.nul)),
            Value::Map(data) => visitor.visit_map(Entries::new(data, self.nul)),
            _ => self.deserialize_str(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_bool(self.flag()?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Bytes(bytes) => visitor.visit_bytes(bytes),
            _ => self.text(|text| visitor.visit_bytes(text.as_bytes())),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if is_blank(self.value) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::List(values) => visitor.visit_seq(Values(values.iter(), self.nul)),
            _ => Err(Wrong::new("Enter a list of values.")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Map(data) => visitor.visit_map(Entries::new(data, self.nul)),
            _ => Err(Wrong::new(INVALID)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Map(data) => MapAccessDeserializer::new(Entries::new(data, self.nul))
                .deserialize_enum(name, variants, visitor),
            _ => self.text(|text| visitor.visit_enum(text.into_deserializer())),
        }
    }
}

/// The values of a list.
struct Values<'v>(std::slice::Iter<'v, Value<'v>>, &'v Cell<bool>);

impl<'de> SeqAccess<'de> for Values<'_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        let value = self.0.next();
        value
            .map(|value| seed.deserialize(Reading { value, nul: self.1 }))
            .transpose()
    }
}

/// The entries of a map, without those that are as good as nothing.
struct Entries<'v> {
    rest: Box<dyn Iterator<Item = (&'v str, &'v Value<'v>)> + 'v>,
    next: Option<&'v Value<'v>>,
    nul: &'v Cell<bool>,
}

impl<'v> Entries<'v> {
    fn new(data: &'v Data<'v>, nul: &'v Cell<bool>) -> Self {
        Self {
            rest: Box::new(data.iter().filter(|(_, value)| !is_blank(value))),
            next: None,
            nul,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some(value);
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let value = self.next.take().ok_or_else(|| Wrong::custom(""))?;
        seed.deserialize(Reading {
            value,
            nul: self.nul,
        })
    }
}
