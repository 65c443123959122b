//! An object, its data and its request, on their way through.

use std::{cell::OnceCell, fmt};

use crate::{
    data::Data,
    database::Row,
    errors::{Error, Result},
    http::Request,
    resource::Resource,
};

/// What is dehydrated: a row as it was loaded, an object, or nothing.
#[doc(hidden)]
pub enum Item<'a, R: Resource> {
    Row {
        row: Row<'a>,
        read: fn(&Row<'_>) -> Result<R::Object>,
    },
    Object(&'a R::Object),
    Nothing,
}

impl<R: Resource> Clone for Item<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Resource> Copy for Item<'_, R> {}

/// An object of a resource, the data that a client is shown of it, and the request that asked.
///
/// # Compatibility
///
/// `Bundle`, `bundle.py:9`.
pub struct Bundle<'a, R: Resource> {
    /// What a client is shown, so far.
    pub data: Data<'a>,
    request: &'a Request,
    item: Item<'a, R>,
    /// The object, once somebody asked for it.
    object: OnceCell<R::Object>,
    for_list: bool,
}

impl<R: Resource> fmt::Debug for Bundle<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("data", &self.data)
            .field("for_list", &self.for_list)
            .finish_non_exhaustive()
    }
}

impl<'a, R: Resource> Bundle<'a, R> {
    pub(crate) fn new(
        item: Item<'a, R>,
        request: &'a Request,
        for_list: bool,
        fields: usize,
    ) -> Self {
        Self {
            data: Data::with_capacity(fields),
            request,
            item,
            object: OnceCell::new(),
            for_list,
        }
    }

    /// The request.
    pub fn request(&self) -> &'a Request {
        self.request
    }

    /// Whether it becomes part of a list.
    pub fn for_list(&self) -> bool {
        self.for_list
    }

    /// The object; a row becomes one when it is first asked for.
    ///
    /// # Errors
    ///
    /// [`Error::NoObject`] where there is none, as when the schema is asked for, and [`Error::Column`] where
    /// the row does not hold what the model says.
    pub fn obj(&self) -> Result<&R::Object> {
        match &self.item {
            Item::Object(object) => Ok(object),
            Item::Nothing => Err(Error::NoObject),
            Item::Row { row, read } => {
                if self.object.get().is_none() {
                    // Nobody else can have set it in between: the cell is not shared between threads.
                    let _ = self.object.set(read(row)?);
                }
                self.object.get().ok_or(Error::NoObject)
            }
        }
    }

    pub(crate) fn item(&self) -> Item<'a, R> {
        self.item
    }
}

impl<R: Resource> fmt::Debug for Item<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Row { .. } => "Row",
            Self::Object(_) => "Object",
            Self::Nothing => "Nothing",
        })
    }
}
