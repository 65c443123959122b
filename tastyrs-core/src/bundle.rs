//! An object, its data and its request, on their way through.

use std::{cell::OnceCell, collections::BTreeSet, fmt};

use crate::{
    data::{Data, Value},
    database::Row,
    errors::{Error, Result},
    http::Request,
    resource::{Model as _, ModelResource, Resource, Source as _, Store},
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

/// What a resource writes, before it is stored.
pub(crate) type Draft<R> = <<R as Resource>::Source as Store<R>>::Draft;

/// Which fields of an object a request sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// All: what is not sent is left out.
    Whole,
    /// Those of these names: what is not sent stays.
    Part(BTreeSet<String>),
}

impl Sent {
    /// The fields that data has.
    pub(crate) fn names_of(data: &Data<'_>) -> Self {
        Self::Part(data.iter().map(|(name, _)| name.to_owned()).collect())
    }

    /// Counts what a hook changed in the data as sent, where a request sets only a part of the object.
    pub(crate) fn notice(&mut self, data: &Data<'_>, before: &Data<'_>) {
        if let Self::Part(names) = self {
            let changed = data
                .iter()
                .filter(|(name, value)| before.get(name) != Some(value));
            names.extend(changed.map(|(name, _)| name.to_owned()));
        }
    }

    /// Whether a field of this name is set.
    pub(crate) fn sets(&self, name: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Part(names) => names.contains(name),
        }
    }
}

/// An object of a resource, its data on the way out to a client or in from one, and the request that asked.
///
/// On the way in, `data` is what the client sent and [`obj_mut`](Self::obj_mut) the object that becomes of it.
///
/// # Compatibility
///
/// `Bundle`, `bundle.py:9`.
pub struct Bundle<'a, R: Resource> {
    /// What a client is shown so far, or what it sent.
    pub data: Data<'a>,
    request: &'a Request,
    item: Item<'a, R>,
    /// The object, once somebody asked for it.
    object: OnceCell<R::Object>,
    for_list: bool,
    /// What is about to be stored; nothing where the object is only shown.
    draft: Option<Draft<R>>,
    pub(crate) sent: Sent,
    /// Whether columns that every write sets to the current time stay as they are, unless they are sent.
    pub(crate) keeps_auto_now: bool,
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
            draft: None,
            sent: Sent::Whole,
            keeps_auto_now: false,
        }
    }

    /// What a client sent for an object that is about to be stored, and that object, if it is there already.
    pub(crate) fn inbound(
        data: Data<'a>,
        request: &'a Request,
        item: Item<'a, R>,
        draft: Draft<R>,
    ) -> Self {
        Self {
            data,
            draft: Some(draft),
            ..Self::new(item, request, false, 0)
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

    /// Whether it is an object that is not stored yet.
    pub fn is_new(&self) -> bool {
        self.draft.as_ref().is_some_and(R::Source::is_new)
    }

    /// Whether the client sent a value for this field, or a hook put one into `data`.
    ///
    /// With PATCH, `data` holds the whole object; only what this names is stored.
    pub fn is_sent(&self, field: &str) -> bool {
        self.data.contains(field) && self.sent.sets(field)
    }

    /// The object; a row becomes one when it is first asked for.
    ///
    /// While an object is made, what nothing has set yet is the zero of its type: 0, empty text, false.
    ///
    /// # Errors
    ///
    /// [`Error::NoObject`] where there is none, as when the schema is asked for, and [`Error::Column`] where
    /// the row does not hold what the model says.
    pub fn obj(&self) -> Result<&R::Object> {
        if let Some(draft) = &self.draft {
            return R::Source::drafted(draft, &self.object);
        }
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

    /// The object that is about to be stored, to be changed; what is changed is stored.
    ///
    /// # Errors
    ///
    /// [`Error::NoObject`] where nothing is about to be stored, and those of [`obj`](Self::obj).
    pub fn obj_mut(&mut self) -> Result<&mut R::Object> {
        match &mut self.draft {
            Some(draft) => R::Source::drafted_mut(draft, &mut self.object),
            None => Err(Error::NoObject),
        }
    }

    pub(crate) fn item(&self) -> Item<'a, R> {
        self.item
    }

    /// What is about to be stored, with what hooks did to the object in it.
    pub(crate) fn draft(&mut self) -> Result<&mut Draft<R>> {
        let draft = self.draft.as_mut().ok_or(Error::NoObject)?;
        R::Source::absorb(draft, &mut self.object);
        Ok(draft)
    }

    /// What is about to be stored, taken out.
    pub(crate) fn take_draft(&mut self) -> Result<Draft<R>> {
        self.draft()?;
        self.draft.take().ok_or(Error::NoObject)
    }

    /// The object as it is stored now.
    pub(crate) fn stored(&mut self, item: Item<'a, R>) {
        self.item = item;
        self.draft = None;
        self.object = OnceCell::new();
    }

    /// The value that the client sent for a field; nothing where it sent none.
    pub(crate) fn sent_value(&self, field: &str) -> Option<&Value<'a>> {
        self.data.get(field).filter(|_| self.sent.sets(field))
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
        self.draft()?.set(column, value);
        Ok(())
    }

    /// The value of a column, by the name of the model's field: what it was set to, or what the object holds.
    ///
    /// # Errors
    ///
    /// [`Error::NoObject`] where there is no object, and [`Error::Configuration`] where the model has no such column.
    pub fn column(&self, name: &str) -> Result<Value<'_>> {
        let column = position::<R>(name)?;
        match (&self.draft, &self.item) {
            (Some(_), _) => Ok(self.obj()?.value(column)),
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
