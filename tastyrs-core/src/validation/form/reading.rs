//! A form read from what it is given, with all that is wrong with its fields at once.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer as _, MapAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{
    ALL, Names,
    given::Given,
    plain::newtype,
    stand_in::{KINDS, StandIn},
    value::Reading,
};
use crate::validation::Errors;

pub(super) const REQUIRED: &str = "This field is required.";
pub(super) const INVALID: &str = "Enter a valid value.";

/// The most fields that are told to be wrong; a form without names of its own may be given any number.
const MOST_WRONG: usize = 64;

/// What is wrong with a field.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Nothing where it is not known or is the form as a whole.
    field: Option<String>,
    message: Cow<'static, str>,
}

impl Wrong {
    pub(super) const fn new(message: &'static str) -> Self {
        Self {
            field: None,
            message: Cow::Borrowed(message),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(_: T) -> Self {
        // What it says is meant for programmers.
        Self::new(INVALID)
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(REQUIRED)
        }
    }

    fn unknown_variant(variant: &str, _: &'static [&'static str]) -> Self {
        Self {
            field: None,
            message: format!(
                "Select a valid choice. {variant} is not one of the available choices."
            )
            .into(),
        }
    }
}

/// The names of the fields of a form.
pub(super) fn names<F: DeserializeOwned>() -> Names {
    let mut names = None;
    let _ = F::deserialize(Probe(&mut names));
    names
}

/// Looks which names a form asks for, and gives nothing.
struct Probe<'p>(&'p mut Names);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Wrong> {
        Err(Wrong::new(INVALID))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Wrong> {
        *self.0 = Some(fields);
        Err(Wrong::new(INVALID))
    }

    newtype! {}

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A form that was read.
pub(super) struct Read<F> {
    pub(super) form: F,
    /// The fields that could not be read, in whose place something else stands.
    pub(super) broken: BTreeMap<String, usize>,
    /// The fields of text that hold a NUL.
    pub(super) nul: BTreeSet<String>,
}

/// Reads a form; what is wrong with its fields is added to `errors`. Nothing where so much is wrong that there is none.
///
/// serde stops at the first field that is wrong. So the form is read again with something in its place, until what is
/// wrong with each of them is known; garde then checks the others.
pub(super) fn read<F: DeserializeOwned>(given: &Given<'_>, errors: &mut Errors) -> Option<Read<F>> {
    let mut broken: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        let nul = RefCell::default();
        let wrong = match F::deserialize(Form {
            given,
            broken: &broken,
            nul: &nul,
        }) {
            Ok(form) => {
                return Some(Read {
                    form,
                    broken,
                    nul: nul.into_inner(),
                });
            }
            Err(wrong) => wrong,
        };
        let Some(field) = wrong.field else {
            errors.add(ALL, wrong.message);
            return None;
        };
        if let Some(kind) = broken.get_mut(&field) {
            *kind += 1;
            if *kind == KINDS {
                return None;
            }
        } else {
            errors.add(field.clone(), wrong.message);
            broken.insert(field, 0);
            if broken.len() == MOST_WRONG {
                return None;
            }
        }
    }
}

/// What a form is read from.
struct Form<'f, 'g> {
    given: &'f Given<'g>,
    broken: &'f BTreeMap<String, usize>,
    nul: &'f RefCell<BTreeSet<String>>,
}

impl<'de> Deserializer<'de> for Form<'_, '_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let whole = self
            .given
            .iter()
            .filter(|(name, _)| !self.broken.contains_key(name.as_ref()))
            .map(|(name, value)| (name.as_ref(), Source::Given(value.as_ref())));
        let broken = self
            .broken
            .iter()
            .map(|(name, kind)| (name.as_str(), Source::Broken(*kind)));
        visitor.visit_map(Fields {
            rest: whole.chain(broken),
            next: None,
            nul: self.nul,
        })
    }

    newtype! {}

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Where the value of a field comes from.
#[derive(Clone, Copy)]
enum Source<'f> {
    Given(&'f crate::data::Value<'f>),
    Broken(usize),
}

struct Fields<'f, I> {
    rest: I,
    next: Option<(&'f str, Source<'f>)>,
    nul: &'f RefCell<BTreeSet<String>>,
}

impl<'de, 'f, I: Iterator<Item = (&'f str, Source<'f>)>> MapAccess<'de> for Fields<'f, I> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        self.next = self.rest.next();
        let name = self.next.map(|(name, _)| name);
        name.map(|name| seed.deserialize(name.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (name, source) = self.next.take().ok_or(Wrong::new(INVALID))?;
        let value = match source {
            Source::Broken(kind) => seed.deserialize(StandIn(kind)),
            Source::Given(value) => {
                let nul = std::cell::Cell::new(false);
                let read = seed.deserialize(Reading { value, nul: &nul });
                if nul.get() {
                    self.nul.borrow_mut().insert(name.to_owned());
                }
                read
            }
        };
        // What is missing inside of a field is wrong with the field.
        value.map_err(|wrong| Wrong {
            field: Some(name.to_owned()),
            ..wrong
        })
    }
}
