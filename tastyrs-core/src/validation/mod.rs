//! Whether what a client sent is right.
//!
//! - the trait [`Validate`], for one's own
//! - [`Validation`] takes everything
//! - `errors`: [`Errors`], what is wrong, by field
//! - `form`, with the feature `garde`: `FormValidation` and `CleanedDataFormValidation`

mod errors;
#[cfg(feature = "garde")]
mod form;

use std::{fmt, sync::Arc};

pub use self::errors::Errors;
#[cfg(feature = "garde")]
pub use self::form::{CleanedDataFormValidation, FormValidation};
use crate::{bundle::Bundle, errors::Result, resource::Resource};

/// Decides whether the data of an object is right.
///
/// It is asked before an object of the resource `R` is written, and `bundle.data` is what the client sent; on PATCH it
/// is the whole object with the change in it. What it answers reaches the client as 400 with
/// `{"notes": {"title": ["..."]}}`, under the name of the resource.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{Result, bundle::Bundle, resource::Resource, validation::{Errors, Validate}};
///
/// /// Takes no object without a title.
/// struct Titled;
///
/// impl<R: Resource> Validate<R> for Titled {
///     fn is_valid(&self, bundle: &mut Bundle<'_, R>) -> Result<Errors> {
///         let mut errors = Errors::new();
///         if bundle.data.get("title").is_none_or(|title| title.is_null()) {
///             errors.add("title", "This field is required.");
///         }
///         Ok(errors)
///     }
/// }
/// # fn meta<R: Resource>() {
/// let meta = tastyrs_core::meta::Meta::<R>::new("notes").validation(Titled);
///
/// assert!(meta.validation.is_some());
/// # }
/// ```
///
/// # Compatibility
///
/// `Validation`, `validation.py:7`.
pub trait Validate<R: Resource>: Send + Sync + 'static {
    /// What is wrong with the data, by field; nothing where it is right.
    ///
    /// # Errors
    ///
    /// What looking at the data meets; what is wrong with the data is no error but what is answered.
    fn is_valid(&self, bundle: &mut Bundle<'_, R>) -> Result<Errors>;

    /// Whether [`is_valid`](Self::is_valid) changes `bundle.data`, so that the fields are read from it again.
    fn cleans(&self) -> bool {
        false
    }
}

/// A handle of any validation.
pub struct AnyValidation<R: Resource>(Arc<dyn Validate<R>>);

impl<R: Resource> AnyValidation<R> {
    /// Holds a validation.
    pub fn new(validation: impl Validate<R>) -> Self {
        Self(Arc::new(validation))
    }
}

impl<R: Resource> std::ops::Deref for AnyValidation<R> {
    type Target = dyn Validate<R>;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl<R: Resource> Clone for AnyValidation<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Resource> fmt::Debug for AnyValidation<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyValidation")
    }
}

/// Takes everything.
///
/// # Compatibility
///
/// `Validation`, `validation.py:7`; as no validation at all, which costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Validation;

impl<R: Resource> Validate<R> for Validation {
    fn is_valid(&self, _: &mut Bundle<'_, R>) -> Result<Errors> {
        Ok(Errors::new())
    }
}
