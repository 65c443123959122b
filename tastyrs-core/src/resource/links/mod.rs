//! Relations as a client writes them: by address, by object, by object with an address.
//!
//! - `many`: the objects that one is tied to, by a table between them or by their own column
//! - `ahead`: what the objects of a list refer to, looked up for many at once
//! - `related_writes`: a resource as those that are related to it write through it

mod ahead;
mod many;
mod related_writes;

use std::{
    any::TypeId,
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    sync::Arc,
};

pub(super) use ahead::{Known, look_ahead, needs_order};
pub(super) use many::save_m2m;

use super::{Hop, ModelResource, Mounted, Pages, RelatedRows};
use crate::{
    cache::Stale,
    data::{Data, Value},
    database::Dialect,
    errors::{Error, Result},
    fields::told,
    http::{Request, decode_path},
    queries::Key,
};

/// What writing needs at hand, whatever the resource.
pub(crate) struct Writing<'h, 'c, DB: Dialect> {
    pub(super) request: &'h Request,
    pub(super) pages: &'h Pages<'h>,
    written: &'h RefCell<Vec<Stale>>,
    is_lone: bool,
    connection: &'c mut DB::Connection,
}

impl<'h, 'c, DB: Dialect> Writing<'h, 'c, DB> {
    pub(super) fn of<R>(hop: &Hop<'h, R>, connection: &'c mut DB::Connection) -> Self
    where
        R: ModelResource<Db = DB>,
    {
        Self {
            request: hop.request,
            pages: hop.pages,
            written: hop.written,
            is_lone: hop.is_lone.get(),
            connection,
        }
    }

    fn hop<R>(&self, mounted: &'h Arc<Mounted<R>>) -> Hop<'h, R>
    where
        R: ModelResource<Db = DB>,
    {
        Hop {
            mounted,
            request: self.request,
            pages: self.pages,
            loaded: Cell::new(0),
            totals: OnceCell::new(),
            objects: None,
            written: self.written,
            is_lone: Cell::new(self.is_lone),
        }
    }
}

/// What a client sent for one related object.
pub(super) enum Resolved {
    /// The address of a row.
    Row(Key),
    /// An object, and the row that it is, if it is one.
    Data(Option<Key>, Data<'static>),
}

/// A resource with a model, as those that are related to it write through it.
pub(crate) trait RelatedWrites<DB: Dialect> {
    /// The keys of the rows at these addresses.
    ///
    /// # Errors
    ///
    /// For the first that is wrong: [`Error::NotFound`] where it is no address of the resource, [`Error::BadRequest`]
    /// where no row is there, and what the authorization says to reading it.
    fn keys_at<'h>(&'h self, writing: &mut Writing<'h, '_, DB>, uris: &[&str]) -> Result<Vec<Key>>;

    /// The key of the row that an object's data names, by its address or by what is unique in it.
    fn key_of_data<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, DB>,
        data: &Data<'_>,
    ) -> Result<Option<Key>>;

    /// Writes an object; `parent` is a column of it and the value that it has.
    fn save_nested<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, DB>,
        key: Option<Key>,
        data: Data<'static>,
        parent: Option<(&'static str, &Key)>,
    ) -> Result<Key>;

    /// Sets a column of rows to the key of the object that they belong to from now on, or to nothing where that is
    /// allowed; it is a change to each of them.
    fn adopt<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, DB>,
        keys: &[Key],
        column: &'static str,
        parent: Option<&Key>,
    ) -> Result<()>;
}

/// The resource that a relation leads to.
pub(super) fn target<DB: Dialect>(
    request: &Request,
    target: TypeId,
) -> Result<&dyn RelatedRows<DB>> {
    request.site().related_rows::<DB>(target).ok_or_else(|| {
        Error::Configuration("a relation leads to a resource that is not registered".to_owned())
    })
}

/// The name of an object in an address of its resource, whatever stands in front; nothing where it is no such address.
///
/// # Compatibility
///
/// `get_via_uri`, `resources.py:831`.
pub(super) fn name_in_uri<'u>(uri: &'u str, resource_name: &str) -> Option<Cow<'u, str>> {
    let (head, _) = uri.trim_end_matches('/').rsplit_once('/')?;
    let resource = head.strip_suffix(resource_name)?;
    if !resource.ends_with('/') {
        return None;
    }
    let name = uri.get(head.len() + 1..)?.strip_suffix('/')?;
    (name != "schema").then(|| decode_path(name))
}

/// An address at which no row is.
///
/// # Compatibility
///
/// `resource_from_uri`, `fields.py:570`, with its text.
fn not_at(resource_name: &str, uri: &str) -> Error {
    Error::bad_request(format!(
        "Could not find the provided {resource_name} object via resource URI '{}'.",
        told(&Value::from(uri))
    ))
}

/// Finds out what a client means by the value of a relation.
///
/// # Compatibility
///
/// `build_related_resource`, `fields.py:654`.
pub(super) fn resolve<'h, DB: Dialect>(
    target: &'h dyn RelatedRows<DB>,
    writing: &mut Writing<'h, '_, DB>,
    field: &str,
    value: Value<'static>,
) -> Result<Resolved> {
    match value {
        Value::Text(uri) => {
            let keys = target.keys_at(writing, &[uri.as_ref()])?;
            keys.into_iter()
                .next()
                .map(Resolved::Row)
                .ok_or(Error::NotFound)
        }
        Value::Map(data) if data.is_empty() => Err(Error::bad_request(format!(
            "The '{field}' field was given an object without data."
        ))),
        Value::Map(data) => Ok(Resolved::Data(target.key_of_data(writing, &data)?, data)),
        other => Err(Error::bad_request(format!(
            "The '{field}' field was given data that was not a URI, not a dictionary-alike and does not have a 'pk' attribute: {}.",
            told(&other)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_resource_whatever_stands_in_front() {
        let name = |uri| name_in_uri(uri, "auth/user").map(Cow::into_owned);

        assert_eq!(name("/api/v1/auth/user/3/").as_deref(), Some("3"));
        assert_eq!(
            name("http://else.where/v9/auth/user/a%20b/").as_deref(),
            Some("a b")
        );
        assert_eq!(name("/api/v1/auth/user/3//").as_deref(), Some("3/"));
        for wrong in [
            "3",
            "/",
            "",
            "nonsense",
            "/api/v1/auth/user/",
            "/api/v1/auth/user/3",
            "/api/v1/auth/user/3/?x=1",
            "/api/v1/auth/user/schema/",
            "/api/v1/auth/user/set/1;2/",
            "/api/v1/xauth/user/3/",
            "/api/v1/user/3/",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
