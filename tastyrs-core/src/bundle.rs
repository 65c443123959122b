//! An object, its data and its request, on their way through.

use std::{cell::OnceCell, fmt};

use crate::{
    data::{Data, Value},
    database::Row,
    errors::{Error, Result},
    http::Request,
    resource::{Model as _, ModelResource, Resource, Source as _},
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
    /// What columns of the model were set to, whatever a client sent.
    columns_set: Vec<(usize, Value<'static>)>,
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
            columns_set: Vec::new(),
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

impl<R: ModelResource> Bundle<'_, R> {
    /// Sets a column of the object that is created or changed, by the name of the model's field, whatever a client sent.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where the model has no such column.
    pub fn set_column(&mut self, name: &str, value: Value<'static>) -> Result<()> {
        let column = position::<R>(name)?;
        self.columns_set.retain(|(known, _)| *known != column);
        self.columns_set.push((column, value));
        Ok(())
    }

    /// The columns that were set, by their positions in the model's
    /// [`COLUMNS`](crate::resource::Model::COLUMNS).
    pub fn columns_set(&self) -> &[(usize, Value<'static>)] {
        &self.columns_set
    }

    /// The value of a column, by the name of the model's field: what it was set to, or what the object holds.
    ///
    /// # Errors
    ///
    /// [`Error::NoObject`] where there is no object, and [`Error::Configuration`] where the model has no such column.
    pub fn column(&self, name: &str) -> Result<Value<'_>> {
        let column = position::<R>(name)?;
        let set = self.columns_set.iter().find(|(known, _)| *known == column);
        match (set, &self.item) {
            (Some((_, value)), _) => Ok(value.clone()),
            (None, Item::Nothing) => Err(Error::NoObject),
            (None, item) => Ok(R::Source::column(item, column)),
        }
    }
}

fn position<R: ModelResource>(name: &str) -> Result<usize> {
    R::Model::COLUMNS
        .iter()
        .position(|column| column.name == name)
        .ok_or_else(|| {
            Error::Configuration(format!(
                "{} has no column `{name}`",
                std::any::type_name::<R::Model>()
            ))
        })
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
