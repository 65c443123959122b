//! What callers may do.
//!
//! - the trait [`Authorize`], for one's own
//! - [`Authorization`] lets one do everything
//! - [`ReadOnlyAuthorization`], the default, lets one read

use std::{fmt, sync::Arc};

use crate::{bundle::Bundle, errors::Result, http::Request, resource::Resource};

/// Decides what a caller may do with the objects of the resource `R`.
///
/// The list side narrows what is seen or changed, with plain Diesel where the resource has a model; the detail
/// side says yes or no to one object. What is not said is allowed.
///
/// # Examples
///
/// ```text
/// impl Authorize<NoteResource> for OwnNotes {
///     fn read_list(&self, list: NoteList, request: &Request) -> Result<NoteList> {
///         Ok(list.filter(note::author_id.eq(request.user().map(|user| user.id))))
///     }
/// }
/// ```
///
/// # Compatibility
///
/// `Authorization`, `authorization.py:7`, and its eight methods.
pub trait Authorize<R: Resource>: Send + Sync + 'static {
    /// Narrows a list that is read.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`](crate::Error::Unauthorized) or [`Error::Forbidden`](crate::Error::Forbidden)
    /// where nothing may be read.
    fn read_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        let _ = request;
        Ok(list)
    }

    /// Whether one object may be read. The bundle of a schema has no object.
    ///
    /// # Errors
    ///
    /// What looking at the object meets.
    fn read_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        let _ = bundle;
        Ok(true)
    }

    /// Narrows the objects that one request creates.
    ///
    /// # Errors
    ///
    /// As [`read_list`](Self::read_list).
    fn create_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        let _ = request;
        Ok(list)
    }

    /// Whether one object may be created.
    ///
    /// # Errors
    ///
    /// What looking at the object meets.
    fn create_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        let _ = bundle;
        Ok(true)
    }

    /// Narrows the objects that one request changes.
    ///
    /// # Errors
    ///
    /// As [`read_list`](Self::read_list).
    fn update_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        let _ = request;
        Ok(list)
    }

    /// Whether one object may be changed.
    ///
    /// # Errors
    ///
    /// What looking at the object meets.
    fn update_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        let _ = bundle;
        Ok(true)
    }

    /// Narrows the objects that one request deletes.
    ///
    /// # Errors
    ///
    /// As [`read_list`](Self::read_list).
    fn delete_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        let _ = request;
        Ok(list)
    }

    /// Whether one object may be deleted.
    ///
    /// # Errors
    ///
    /// What looking at the object meets.
    fn delete_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        let _ = bundle;
        Ok(true)
    }
}

/// A handle of any authorization.
pub struct AnyAuthorization<R: Resource>(Arc<dyn Authorize<R>>);

impl<R: Resource> AnyAuthorization<R> {
    /// Holds an authorization.
    pub fn new(authorization: impl Authorize<R>) -> Self {
        Self(Arc::new(authorization))
    }
}

impl<R: Resource> std::ops::Deref for AnyAuthorization<R> {
    type Target = dyn Authorize<R>;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl<R: Resource> Clone for AnyAuthorization<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Resource> fmt::Debug for AnyAuthorization<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyAuthorization")
    }
}

/// Lets everybody do everything.
///
/// # Compatibility
///
/// `Authorization`, `authorization.py:7`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Authorization;

impl<R: Resource> Authorize<R> for Authorization {}

/// Lets everybody read, and nobody change anything.
///
/// # Compatibility
///
/// `ReadOnlyAuthorization`, `authorization.py:102`: lists of what is changed are empty, single objects refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnlyAuthorization;

impl<R: Resource> Authorize<R> for ReadOnlyAuthorization {
    fn create_list(&self, list: R::List, _: &Request) -> Result<R::List> {
        Ok(R::none(list))
    }

    fn create_detail(&self, _: &Bundle<'_, R>) -> Result<bool> {
        Ok(false)
    }

    fn update_list(&self, list: R::List, _: &Request) -> Result<R::List> {
        Ok(R::none(list))
    }

    fn update_detail(&self, _: &Bundle<'_, R>) -> Result<bool> {
        Ok(false)
    }

    fn delete_list(&self, list: R::List, _: &Request) -> Result<R::List> {
        Ok(R::none(list))
    }

    fn delete_detail(&self, _: &Bundle<'_, R>) -> Result<bool> {
        Ok(false)
    }
}
