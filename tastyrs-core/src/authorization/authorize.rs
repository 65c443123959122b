//! The trait, and a handle of whatever implements it.

use std::{fmt, sync::Arc};

use crate::{
    api::Binding, bundle::Bundle, django::Accounts, errors::Result, http::Request,
    resource::Resource,
};

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
    /// Whether it looks at no more than the request, and so answers at once.
    #[doc(hidden)]
    fn answers_at_once(&self) -> bool {
        false
    }

    /// Whether whoever may read sees the whole list, so that all see as many objects.
    #[doc(hidden)]
    fn shows_whole_lists(&self) -> bool {
        false
    }

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

    /// Makes an object that is about to be created fit to be, as by setting whose it is; it is asked before
    /// [`create_detail`](Self::create_detail).
    ///
    /// # Errors
    ///
    /// None of its own; what implements it may.
    fn prepare_create(&self, bundle: &mut Bundle<'_, R>) -> Result<()> {
        let _ = bundle;
        Ok(())
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

    /// Where the caller's [`Permissions`](crate::django::Permissions) are loaded from once they are authenticated, before
    /// anything is decided; nowhere, so that none are loaded.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`](crate::Error::Configuration) where that is not known yet.
    fn accounts(&self) -> Result<Option<Arc<dyn Accounts>>> {
        Ok(None)
    }

    /// Is told of the database when the API is built.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`](crate::Error::Configuration) where something is missing.
    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        let _ = binding;
        Ok(())
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
