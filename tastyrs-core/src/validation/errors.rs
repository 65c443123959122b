//! What is wrong with the data of an object, by field.

use std::{borrow::Cow, collections::BTreeMap};

use crate::data::{Data, Value};

type Text = Cow<'static, str>;

/// What is wrong with the data of an object: for each field that is wrong, in the order of their names, what is wrong
/// with it.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{data::Value, validation::Errors};
///
/// let mut errors = Errors::new();
/// errors.add("title", "This field is required.");
/// errors.add("slug", "Enter a valid value.");
/// errors.add("slug", "It is taken.");
///
/// assert_eq!(errors.get("slug"), ["Enter a valid value.", "It is taken."]);
/// assert!(matches!(Value::from(errors), Value::Map(fields) if fields.len() == 2));
/// ```
///
/// # Compatibility
///
/// The `dict` that `Validation.is_valid` answers, `validation.py:15`; a field has a list even where one thing is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "errors that nobody reads let everything through"]
pub struct Errors {
    fields: BTreeMap<Text, Vec<Text>>,
}

impl Errors {
    /// Nothing is wrong.
    pub const fn new() -> Self {
        Self {
            fields: BTreeMap::new(),
        }
    }

    /// Adds what is wrong with a field, behind what is known of it.
    pub fn add(&mut self, field: impl Into<Text>, message: impl Into<Text>) {
        self.fields
            .entry(field.into())
            .or_default()
            .push(message.into());
    }

    /// What is wrong with a field; nothing where it is right.
    pub fn get(&self, field: &str) -> &[Text] {
        self.fields.get(field).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// How many fields are wrong.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// The fields that are wrong in the order of their names, each with what is wrong with it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[Text])> {
        self.fields
            .iter()
            .map(|(field, messages)| (field.as_ref(), messages.as_slice()))
    }
}

impl<F: Into<Text>, M: Into<Text>> Extend<(F, M)> for Errors {
    fn extend<I: IntoIterator<Item = (F, M)>>(&mut self, found: I) {
        for (field, message) in found {
            self.add(field, message);
        }
    }
}

impl<F: Into<Text>, M: Into<Text>> FromIterator<(F, M)> for Errors {
    fn from_iter<I: IntoIterator<Item = (F, M)>>(found: I) -> Self {
        let mut errors = Self::new();
        errors.extend(found);
        errors
    }
}

impl From<Errors> for Data<'_> {
    fn from(errors: Errors) -> Self {
        let listed = |messages: Vec<Text>| messages.into_iter().map(Value::Text).collect();
        errors
            .fields
            .into_iter()
            .map(|(field, messages)| (field, Value::List(listed(messages))))
            .collect()
    }
}

impl From<Errors> for Value<'_> {
    fn from(errors: Errors) -> Self {
        Self::Map(errors.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_fields_in_the_order_of_their_names_and_messages_as_they_came() {
        let errors: Errors = [("slug", "b"), ("body", "c"), ("slug", "a")]
            .into_iter()
            .collect();

        let written = crate::serializers::document(&errors.into());

        assert_eq!(written, r#"{"body": ["c"], "slug": ["b", "a"]}"#);
    }

    #[test]
    fn has_nothing_to_say_where_nothing_is_wrong() {
        let errors = Errors::new();

        assert!(errors.is_empty());
        assert!(errors.get("title").is_empty());
        assert_eq!(Value::from(errors), Value::Map(Data::new()));
    }
}
