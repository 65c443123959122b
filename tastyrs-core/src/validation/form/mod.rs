//! Validation by a form: a struct that serde reads and garde checks.
//!
//! - `given`: what a form is given of an object
//! - `reading`: a form read from it, with all that is wrong with its fields at once
//! - `value`: a value as serde reads it, as forgiving as Django's fields
//! - `stand_in`: what stands in for a field that cannot be read
//! - `plain`: what the deserializers of all of these do alike
//! - `words`: what garde found, in Django's words

mod given;
mod plain;
mod reading;
mod stand_in;
mod value;
mod words;

use std::{fmt, marker::PhantomData};

use serde::{Serialize, de::DeserializeOwned};

use super::{Errors, Validate};
use crate::{
    bundle::Bundle,
    data::{Data, Value},
    errors::Result,
    resource::Resource,
    serializers::to_value,
};

/// Where messages stand that belong to no field.
///
/// # Compatibility
///
/// Django's `NON_FIELD_ERRORS`.
const ALL: &str = "__all__";

/// The names of a form's fields, as serde knows them; nothing where only reading it tells them.
type Names = Option<&'static [&'static str]>;

/// Checks the data of an object by a form, and leaves it as it is.
///
/// A form is a struct that derives `serde::Deserialize` and `garde::Validate`. It is given the data under the names of
/// its fields, and what the data does not say it is given of the object, or where there is none yet of the defaults.
/// Text is trimmed. Nothing, null and empty text are the same, and wrong for a field that is neither an `Option` nor has
/// a `#[serde(default)]`. Of an object that another field leads to it is given the name at the end of its address.
///
/// What is wrong is told in Django's words where it has some: `length(chars, ...)`, `range`, `pattern`, `required`,
/// `email`, `url`, `ip`. It is told for all fields at once. (garde counts bytes where `length` does not say `chars`.)
///
/// # Examples
///
/// ```
/// use tastyrs_core::{meta::Meta, resource::Resource, validation::FormValidation};
///
/// #[derive(serde::Deserialize, garde::Validate)]
/// struct NoteForm {
///     #[garde(length(chars, max = 100))]
///     title: String,
///     #[garde(pattern(r"^[-a-z0-9]+$"))]
///     slug: String,
///     #[garde(range(min = 1))]
///     copies: Option<i32>,
/// }
/// # fn meta<R: Resource>() {
/// let meta = Meta::<R>::new("notes").validation(FormValidation::<NoteForm>::new());
///
/// assert!(meta.validation.is_some());
/// # }
/// ```
///
/// # Compatibility
///
/// `FormValidation`, `validation.py:30`, over a form of Django's: its fields and their messages.
pub struct FormValidation<F> {
    names: Names,
    form: PhantomData<fn() -> F>,
}

impl<F> FormValidation<F>
where
    F: DeserializeOwned + garde::Validate<Context: Default> + 'static,
{
    /// Checks by the form `F`.
    pub fn new() -> Self {
        Self {
            names: reading::names::<F>(),
            form: PhantomData,
        }
    }

    /// What is wrong, or the form.
    fn check<R: Resource>(&self, bundle: &Bundle<'_, R>) -> (Errors, Option<F>) {
        let given = given::given(bundle, self.names);
        let mut errors = Errors::new();
        let Some(read) = reading::read::<F>(&given, &mut errors) else {
            return (errors, None);
        };
        words::check(&read, &given, &mut errors);
        let form = errors.is_empty().then_some(read.form);
        (errors, form)
    }
}

impl<F> Default for FormValidation<F>
where
    F: DeserializeOwned + garde::Validate<Context: Default> + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for FormValidation<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormValidation")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl<R, F> Validate<R> for FormValidation<F>
where
    R: Resource,
    F: DeserializeOwned + garde::Validate<Context: Default> + 'static,
{
    fn is_valid(&self, bundle: &mut Bundle<'_, R>) -> Result<Errors> {
        Ok(self.check(bundle).0)
    }
}

/// Checks the data of an object by a form, and puts what the form made of it in its place.
///
/// As [`FormValidation`], but what is written is what the form holds: text without space around it, numbers that came as
/// text, whatever its `Deserialize` changed and its `Serialize` writes. What the form does not know, and the objects that
/// fields lead to, stay as they were sent; so does what nobody sent.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{meta::Meta, resource::Resource, validation::CleanedDataFormValidation};
///
/// #[derive(serde::Deserialize, serde::Serialize, garde::Validate)]
/// struct NoteForm {
///     #[garde(length(chars, max = 100))]
///     title: String,
/// }
/// # fn meta<R: Resource>() {
/// let validation = CleanedDataFormValidation::<NoteForm>::new();
///
/// assert!(Meta::<R>::new("notes").validation(validation).validation.is_some_and(|it| it.cleans()));
/// # }
/// ```
///
/// # Compatibility
///
/// `CleanedDataFormValidation`, `validation.py:94`. There the data becomes what the form holds and no more, and mostly
/// comes too late to be written.
pub struct CleanedDataFormValidation<F>(FormValidation<F>);

impl<F> CleanedDataFormValidation<F>
where
    F: DeserializeOwned + Serialize + garde::Validate<Context: Default> + 'static,
{
    /// Checks and cleans by the form `F`.
    pub fn new() -> Self {
        Self(FormValidation::new())
    }
}

impl<F> Default for CleanedDataFormValidation<F>
where
    F: DeserializeOwned + Serialize + garde::Validate<Context: Default> + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for CleanedDataFormValidation<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CleanedDataFormValidation")
            .field(&self.0)
            .finish()
    }
}

impl<R, F> Validate<R> for CleanedDataFormValidation<F>
where
    R: Resource,
    F: DeserializeOwned + Serialize + garde::Validate<Context: Default> + 'static,
{
    fn is_valid(&self, bundle: &mut Bundle<'_, R>) -> Result<Errors> {
        let (errors, form) = self.0.check(bundle);
        if let Some(form) = form
            && let Value::Map(cleaned) = to_value(&form)?
        {
            let relations = given::relations(bundle);
            clean(&mut bundle.data, cleaned, &relations);
        }
        Ok(errors)
    }

    fn cleans(&self) -> bool {
        true
    }
}

/// Puts what a form holds where something was sent.
fn clean(data: &mut Data<'_>, cleaned: Data<'static>, relations: &[&'static str]) {
    for (name, value) in cleaned.into_pairs() {
        if relations.contains(&name.as_ref()) {
            continue;
        }
        match data.get_mut(&name) {
            // Space alone is what Django's forms take for empty text.
            Some(Value::Text(text)) if value.is_null() => text.to_mut().clear(),
            Some(sent) if !value.is_null() => *sent = value,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
