//! MessagePack.

use std::fmt;

use rmp_serde::{Deserializer, config::DefaultConfig, encode};
use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap as _, SerializeSeq as _},
};

use super::{
    Options,
    budget::Budget,
    format::{Body, BuiltIn},
};
use crate::{
    data::{Data, Value},
    errors::{Error, Result},
};

pub(super) const FORMAT: BuiltIn = BuiltIn {
    name: "msgpack",
    content_type: "application/msgpack",
    write: to_msgpack,
    read: Some(from_msgpack),
};

fn to_msgpack(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    // Writing to memory does not fail, and every length is known.
    let _ = encode::write(out, &Packed { value, options });
}

/// A value as MessagePack has it: bytes are bytes, what else it lacks is text.
struct Packed<'v> {
    value: &'v Value<'v>,
    options: &'v Options,
}

impl Serialize for Packed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let options = self.options;
        match self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::UInt(number) => serializer.serialize_u64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Value::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Packed { value, options })?;
                }
                list.end()
            }
            Value::Map(data) => {
                let mut map = serializer.serialize_map(Some(data.len()))?;
                let mut written = Ok(());
                data.each(|name, value| {
                    if written.is_ok() {
                        written = map.serialize_entry(name.text, &Packed { value, options });
                    }
                });
                written?;
                map.end()
            }
            other => serializer.serialize_str(&options.text(other).unwrap_or_default()),
        }
    }
}

fn from_msgpack(body: Body<'_>, mut budget: Budget) -> Result<Value<'static>> {
    let mut reader = Deserializer::<_, DefaultConfig>::new(std::io::Cursor::new(body.bytes));
    let mut refused = None;
    let seed = Seed {
        budget: &mut budget,
        refused: &mut refused,
    };
    let value = seed.deserialize(&mut reader);
    if let Some(refused) = refused {
        return Err(refused);
    }
    match value {
        Ok(value) if reader.position() == body.bytes.len() as u64 => Ok(value),
        Ok(_) | Err(_) => Err(Error::bad_request("Request is not valid MessagePack.")),
    }
}

/// Reads a value; what the budget refuses comes by a way of its own, since serde's errors are text.
struct Seed<'b> {
    budget: &'b mut Budget,
    refused: &'b mut Option<Error>,
}

impl Seed<'_> {
    fn again(&mut self) -> Seed<'_> {
        Seed {
            budget: self.budget,
            refused: self.refused,
        }
    }

    fn ask<E: serde::de::Error>(&mut self, asked: Result<()>) -> Result<(), E> {
        asked.map_err(|error| {
            let told = E::custom(&error);
            *self.refused = Some(error);
            told
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'static>;

    fn deserialize<D: serde::Deserializer<'de>>(
        mut self,
        reader: D,
    ) -> Result<Self::Value, D::Error> {
        let asked = self.budget.node();
        self.ask(asked)?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Value::UInt(number), Value::Int))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.is_finite() {
            Ok(Value::Float(number))
        } else {
            Err(E::custom("no number"))
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::from(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Value::Bytes(bytes.to_vec().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self::Value, A::Error> {
        let asked = self.budget.enter();
        self.ask(asked)?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self.again())? {
            values.push(value);
        }
        self.budget.leave();
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let asked = self.budget.enter();
        self.ask(asked)?;
        let mut pairs = Vec::new();
        while let Some(name) = map.next_key_seed(self.again())? {
            let Value::Text(name) = name else {
                return Err(A::Error::custom("the keys of a map must be text"));
            };
            pairs.push((name, map.next_value_seed(self.again())?));
        }
        self.budget.leave();
        Ok(Value::Map(Data::from_pairs(pairs)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Value<'static>> {
        let body = Body {
            bytes,
            content_type: "application/msgpack",
        };
        from_msgpack(body, Budget::default())
    }

    #[test]
    fn lengths_that_lie_and_what_is_no_data_are_refused() {
        for bytes in [
            &[][..],
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &[0xdf, 0xff, 0xff, 0xff, 0xff],
            &[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'],
            &[0xc6, 0xff, 0xff, 0xff, 0xff, 1],
            &[0xc1],
            &[0x81, 0x01, 0x01],
            &[0x01, 0x01],
            &[0xd4, 0x01, 0x00],
            &[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(
                read(bytes).unwrap_err().to_string(),
                "Request is not valid MessagePack.",
                "{bytes:x?}"
            );
        }
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let deep = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
        let many = [&[0xdd, 0, 0x0f, 0xff, 0xff][..], &vec![0xc0; 0x000f_ffff]].concat();

        assert!(read(&deep(128)).is_ok());
        assert_eq!(
            read(&deep(129)).unwrap_err().to_string(),
            "The body is nested too deeply."
        );
        assert_eq!(
            read(&deep(1_000_000)).unwrap_err().to_string(),
            "The body is nested too deeply."
        );
        assert_eq!(
            read(&many).unwrap_err().to_string(),
            "The body holds too many values."
        );
    }
}
