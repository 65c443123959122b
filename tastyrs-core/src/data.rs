//! What a model is dehydrated into, and what the serializers walk.

use std::{borrow::Cow, fmt};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use uuid::Uuid;

use crate::serializers::JsonName;

/// A value on its way out to a client, or in from one.
///
/// Text is borrowed from where it was read, wherever it can be.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Nothing: `null` in JSON.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above those of [`Int`](Self::Int).
    UInt(u64),
    /// A floating point number; JSON writes it as Python's `repr` does.
    Float(f64),
    /// A decimal number as its digits, with the places of its column; JSON writes it as a string.
    Decimal(Cow<'a, str>),
    /// Text.
    Text(Cow<'a, str>),
    /// A day.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A moment without a zone; what has one is kept in UTC.
    DateTime(NaiveDateTime),
    /// A moment as SQLite keeps it, `2010-03-19 01:18:01` with six digits of fraction or none,
    /// known to be of that form.
    StoredDateTime(&'a str),
    /// A UUID.
    Uuid(Uuid),
    /// Bytes; JSON writes them in base 64.
    Bytes(Cow<'a, [u8]>),
    /// Values in their order.
    List(Vec<Self>),
    /// Values by name.
    Map(Data<'a>),
}

/// Values by name, kept in the order of their names, in which every format writes them.
///
/// # Compatibility
///
/// Tastypie fills a `dict` and sorts it when it writes (`serializers.py:404`).
#[derive(Clone, Default)]
pub struct Data<'a> {
    held: Held<'a>,
    /// Whether it is the data of an object of a resource: XML tells the two apart.
    of_object: bool,
}

/// A name and its value.
pub(crate) type Entry<'a> = (Cow<'a, str>, Value<'a>);

/// Where the values are.
#[derive(Clone)]
enum Held<'a> {
    /// Here, in the order of their names.
    Here(Vec<Entry<'a>>),
    /// Where they were loaded, until somebody changes them.
    There(&'a dyn Shown),
}

impl Default for Held<'_> {
    fn default() -> Self {
        Self::Here(Vec::new())
    }
}

/// An object that is shown as it was loaded: its names and values, in the order of the names.
pub(crate) trait Shown: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;
    /// Calls `visit` with each.
    fn each(&self, visit: &mut dyn FnMut(Name<'_>, &Value<'_>));
    /// All of them, the same at each call.
    fn entries(&self) -> &[Entry<'_>];
    /// All of them, to be changed.
    fn to_entries(&self) -> Vec<Entry<'_>>;
}

/// A name, and how JSON writes it, where that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'n> {
    pub(crate) text: &'n str,
    pub(crate) json: Option<&'n JsonName>,
}

/// What is in it counts, not where it comes from.
impl PartialEq for Data<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'a> Data<'a> {
    /// Holds nothing.
    pub const fn new() -> Self {
        Self {
            held: Held::Here(Vec::new()),
            of_object: false,
        }
    }

    /// Holds nothing, with room for `fields`.
    pub fn with_capacity(fields: usize) -> Self {
        Self {
            held: Held::Here(Vec::with_capacity(fields)),
            of_object: false,
        }
    }

    /// The data of an object of a resource that is shown as it was loaded.
    pub(crate) fn shown(object: &'a dyn Shown) -> Self {
        Self {
            held: Held::There(object),
            of_object: true,
        }
    }

    fn entries(&self) -> &[Entry<'a>] {
        match &self.held {
            Held::Here(entries) => entries,
            Held::There(object) => object.entries(),
        }
    }

    fn entries_mut(&mut self) -> &mut Vec<Entry<'a>> {
        if let Held::There(object) = &self.held {
            self.held = Held::Here(object.to_entries());
        }
        match &mut self.held {
            Held::Here(entries) => entries,
            Held::There(_) => unreachable!("they were just taken here"),
        }
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.entries()
            .binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }

    /// Holds these, in any order; of equal names the last counts.
    pub(crate) fn from_pairs(mut entries: Vec<Entry<'a>>) -> Self {
        if !entries.is_sorted_by(|(one, _), (next, _)| one < next) {
            // Stable, so that of equal names the last stays last; `dedup_by` keeps the first of what it is given.
            entries.reverse();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            entries.dedup_by(|(later, _), (kept, _)| later == kept);
        }
        Self {
            held: Held::Here(entries),
            of_object: false,
        }
    }

    /// Says that it is the data of an object of a resource.
    ///
    /// # Compatibility
    ///
    /// In Tastypie such data is still in its `Bundle` when it is written, any other is a `dict` (`serializers.py:308`).
    #[must_use]
    pub(crate) fn into_object(mut self) -> Self {
        self.of_object = true;
        self
    }

    /// Whether it is the data of an object of a resource.
    pub(crate) const fn is_object(&self) -> bool {
        self.of_object
    }

    /// Says that it is what `other` is.
    #[must_use]
    pub(crate) fn like(mut self, other: &Data<'_>) -> Self {
        self.of_object = other.of_object;
        self
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.position(name)
            .ok()
            .map(|position| &self.entries()[position].1)
    }

    /// The value of `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        let position = self.position(name).ok()?;
        Some(&mut self.entries_mut()[position].1)
    }

    /// Sets `name`, and gives back what stood there.
    pub fn insert(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Value<'a>>,
    ) -> Option<Value<'a>> {
        let (name, value) = (name.into(), value.into());
        let place = self.position(&name);
        let entries = self.entries_mut();
        match place {
            Ok(position) => Some(std::mem::replace(&mut entries[position].1, value)),
            Err(position) => {
                entries.insert(position, (name, value));
                None
            }
        }
    }

    /// Appends a name that comes after all the others.
    pub(crate) fn push(&mut self, name: &'a str, value: Value<'a>) {
        let entries = self.entries_mut();
        debug_assert!(
            entries.last().is_none_or(|(last, _)| last.as_ref() < name),
            "{name} is out of order"
        );
        entries.push((Cow::Borrowed(name), value));
    }

    /// Takes `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let position = self.position(name).ok()?;
        Some(self.entries_mut().remove(position).1)
    }

    /// Gives the value of `from` the name `to`, if it is there.
    pub fn rename(&mut self, from: &str, to: impl Into<Cow<'a, str>>) {
        if let Some(value) = self.remove(from) {
            self.insert(to, value);
        }
    }

    /// Whether `name` has a value.
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Names and values in the order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value<'a>)> {
        self.entries()
            .iter()
            .map(|(name, value)| (name.as_ref(), value))
    }

    /// Calls `visit` with names and values in the order of the names. What is shown as it was loaded is not made data
    /// for that.
    pub(crate) fn each(&self, mut visit: impl FnMut(Name<'_>, &Value<'_>)) {
        match &self.held {
            Held::Here(entries) => {
                for (text, value) in entries {
                    visit(Name { text, json: None }, value);
                }
            }
            Held::There(object) => object.each(&mut visit),
        }
    }

    /// The same, given away.
    pub(crate) fn into_pairs(self) -> impl Iterator<Item = Entry<'a>> {
        match self.held {
            Held::Here(entries) => entries,
            Held::There(object) => object.to_entries(),
        }
        .into_iter()
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        match &self.held {
            Held::Here(entries) => entries.len(),
            Held::There(object) => object.len(),
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets what `other` sets, and keeps the rest.
    pub(crate) fn update(&mut self, other: Self) {
        for (name, value) in other.into_pairs() {
            self.insert(name, value);
        }
    }

    /// Copies what is borrowed.
    #[must_use]
    pub fn into_owned(self) -> Data<'static> {
        let owned = |(name, value): Entry<'a>| (Cow::Owned(name.into_owned()), value.into_owned());
        let of_object = self.of_object;
        Data {
            held: Held::Here(self.into_pairs().map(owned).collect()),
            of_object,
        }
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Value<'a>>> FromIterator<(N, V)> for Data<'a> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self::from_pairs(
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl Value<'_> {
    /// Copies what is borrowed.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::UInt(value) => Value::UInt(value),
            Self::Float(value) => Value::Float(value),
            Self::Decimal(digits) => Value::Decimal(Cow::Owned(digits.into_owned())),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Date(value) => Value::Date(value),
            Self::Time(value) => Value::Time(value),
            Self::DateTime(value) => Value::DateTime(value),
            Self::StoredDateTime(text) => {
                stored_datetime(text).map_or(Value::Null, Value::DateTime)
            }
            Self::Uuid(value) => Value::Uuid(value),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Self::List(values) => Value::List(values.into_iter().map(Value::into_owned).collect()),
            Self::Map(data) => Value::Map(data.into_owned()),
        }
    }

    /// The same value, its text and bytes lent by this one.
    pub(crate) fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Decimal(digits) => Value::Decimal(Cow::Borrowed(digits)),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            Self::List(values) => Value::List(values.iter().map(Value::borrowed).collect()),
            Self::Map(data) => Value::Map(
                data.iter()
                    .map(|(name, value)| (name, value.borrowed()))
                    .collect(),
            ),
            plain => plain.clone(),
        }
    }

    /// Lets go of a value that is likely to own nothing, which is told here at less cost than where all are let go.
    #[inline]
    pub(crate) fn let_go(self) {
        let owns_nothing = match &self {
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::UInt(_)
            | Self::Float(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::DateTime(_)
            | Self::StoredDateTime(_)
            | Self::Uuid(_) => true,
            Self::Text(text) => matches!(text, Cow::Borrowed(_)),
            Self::Decimal(_) | Self::Bytes(_) | Self::List(_) | Self::Map(_) => false,
        };
        if owns_nothing {
            std::mem::forget(self);
        }
    }

    /// Whether it is nothing.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is as good as nothing for a key: null, or empty text.
    pub(crate) fn is_nothing(&self) -> bool {
        self.is_null() || self.as_str() == Some("")
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its number, if it is a whole one.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }
}

/// Reads a moment in SQLite's form.
pub(crate) fn stored_datetime(text: &str) -> Option<NaiveDateTime> {
    plain_datetime(text.as_bytes(), b' ')
        .or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok())
}

/// Reads a moment in the form in which Django keeps it, or writes it where `T` stands between day and time; nothing where
/// it has another, or is none.
pub(crate) fn plain_datetime(text: &[u8], separator: u8) -> Option<NaiveDateTime> {
    /// A number of digits alone.
    fn number(digits: &[u8]) -> Option<u32> {
        digits.iter().try_fold(0, |number, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit < 10).then_some(number * 10 + u32::from(digit))
        })
    }
    let (text, fraction) = text.split_at_checked(19)?;
    let micros = match fraction {
        [] => 0,
        [b'.', digits @ ..] if digits.len() == 6 => number(digits)?,
        _ => return None,
    };
    let (day, time) = text.split_at_checked(10)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day else {
        return None;
    };
    let [between, h1, h2, b':', n1, n2, b':', s1, s2] = time else {
        return None;
    };
    if *between != separator {
        return None;
    }
    let year = number(&[*y1, *y2, *y3, *y4])?.cast_signed();
    NaiveDate::from_ymd_opt(year, number(&[*m1, *m2])?, number(&[*d1, *d2])?)?.and_hms_micro_opt(
        number(&[*h1, *h2])?,
        number(&[*n1, *n2])?,
        number(&[*s1, *s2])?,
        micros,
    )
}

macro_rules! from {
    ($($type:ty => $variant:ident($convert:expr)),* $(,)?) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from(value: $type) -> Self {
                Self::$variant($convert(value))
            }
        }
    )*};
}
from! {
    bool => Bool(std::convert::identity),
    i16 => Int(i64::from), i32 => Int(i64::from), i64 => Int(std::convert::identity),
    u8 => Int(i64::from), u16 => Int(i64::from), u32 => Int(i64::from),
    f32 => Float(f64::from), f64 => Float(std::convert::identity),
    &'a str => Text(Cow::Borrowed), String => Text(Cow::Owned), Cow<'a, str> => Text(std::convert::identity),
    NaiveDate => Date(std::convert::identity), NaiveTime => Time(std::convert::identity),
    NaiveDateTime => DateTime(std::convert::identity),
    Uuid => Uuid(std::convert::identity),
    Data<'a> => Map(std::convert::identity),
}

impl<T: Into<Self>> From<Option<T>> for Value<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value<'_> {
    fn from(values: Vec<T>) -> Self {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_names_in_order_whatever_the_order_of_insertion() {
        let mut data = Data::new();

        data.insert("title", "b");
        data.insert("id", 1);
        data.insert("meta", Value::Null);
        data.insert("id", 2);

        let names: Vec<_> = data.iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["id", "meta", "title"]);
        assert_eq!(data.get("id"), Some(&Value::Int(2)));
    }

    #[test]
    fn a_moment_is_read_alike_by_its_usual_form_and_by_any() {
        let by_any = |text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok();

        for usual in [
            "2010-03-19 01:18:01",
            "0001-01-01 00:00:00",
            "2012-02-29 23:59:59.000001",
        ] {
            assert!(plain_datetime(usual.as_bytes(), b' ').is_some(), "{usual}");
            assert_eq!(stored_datetime(usual), by_any(usual), "{usual}");
        }
        for other in [
            "2010-03-19 01:18:01.5",
            "2011-02-29 00:00:00",
            "2010-13-01 00:00:00",
            "2010-03-19 24:00:00",
            "2010-03-19T01:18:01",
            "2010-03-19 01:18:0x",
            "2010-03-19 01:18:01.12345x",
            "2010-03-19 01:18:1\u{e9}",
            "",
        ] {
            assert_eq!(plain_datetime(other.as_bytes(), b' '), None, "{other}");
            assert_eq!(stored_datetime(other), by_any(other), "{other}");
        }
    }

    #[test]
    fn a_value_takes_no_more_than_four_words() {
        assert_eq!(size_of::<Value<'_>>(), 32);
    }

    #[test]
    fn of_equal_names_the_last_counts_in_any_order() {
        let pairs = |names: [(&'static str, i32); 4]| names.into_iter().collect::<Data<'_>>();

        let data = pairs([("b", 1), ("a", 2), ("b", 3), ("a", 4)]);

        assert_eq!(data.get("a"), Some(&Value::Int(4)));
        assert_eq!(data.get("b"), Some(&Value::Int(3)));
        assert_eq!(data.len(), 2);
        assert_eq!(data, pairs([("a", 0), ("a", 4), ("b", 0), ("b", 3)]));
    }

    #[test]
    fn renames_what_is_there_and_nothing_else() {
        let mut data: Data<'_> = [("meta", 1)].into_iter().collect();

        data.rename("meta", "paging");
        data.rename("nothing", "something");

        assert_eq!(data, [("paging", 1)].into_iter().collect());
    }
}
