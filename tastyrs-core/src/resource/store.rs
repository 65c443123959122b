//! Where the objects of a resource are written.

use std::{cell::OnceCell, collections::HashMap, sync::Arc};

use super::{Hooks, Hop, Mounted, Resource, export::Batches};
use crate::{
    bundle::{Bundle, Item},
    data::{Data, Value},
    errors::Result,
    fields::Field,
    http::Request,
    queries::Key,
};

/// What an address of an object leads to.
#[derive(Debug)]
pub enum ViaUri<T> {
    /// The object.
    Found(T),
    /// No object, though the address could be one's.
    Missing {
        /// The name in the address.
        name: String,
    },
}

/// A write of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Single {
    /// It is made.
    Create,
    /// It is changed.
    Change,
    /// It goes.
    Delete,
}

/// Where the objects of a resource are written.
///
/// Sealed, as [`Source`](super::Source) is: what it does is overridden in [`Hooks`].
pub trait Store<R: Resource>: Batches<R> {
    /// An object that is about to be stored.
    #[doc(hidden)]
    type Draft;

    /// Runs work of a view that writes where it may block, in a transaction. What is lone runs without one first; where that
    /// fails, nothing was written, and it runs again.
    #[doc(hidden)]
    fn write<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        is_lone: bool,
        mut work: F,
    ) -> impl Future<Output = Result<T>>
    where
        R: Hooks,
        T: Send + 'static,
        F: FnMut(&Hop<'_, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        let _ = is_lone;
        Self::hop(mounted, request, true, move |hop, connection| {
            work(hop, connection)
        })
    }
    /// Whether what was sent is written by one statement, which sees by itself whether all that it needs is there.
    #[doc(hidden)]
    fn is_lone(mounted: &Mounted<R>, single: Single, sent: &Value<'_>) -> bool
    where
        R: Hooks,
    {
        let _ = (mounted, single, sent);
        false
    }
    /// A new object, with the defaults of its source.
    #[doc(hidden)]
    fn blank(hop: &Hop<'_, R>) -> Result<Self::Draft>
    where
        R: Hooks;
    /// An object that is there.
    #[doc(hidden)]
    fn edit(hop: &Hop<'_, R>, item: &Item<'_, R>) -> Result<Self::Draft>
    where
        R: Hooks;
    #[doc(hidden)]
    fn is_new(draft: &Self::Draft) -> bool;
    #[doc(hidden)]
    fn drafted<'d>(
        draft: &'d Self::Draft,
        object: &'d OnceCell<R::Object>,
    ) -> Result<&'d R::Object>;
    #[doc(hidden)]
    fn drafted_mut<'d>(
        draft: &'d mut Self::Draft,
        object: &'d mut OnceCell<R::Object>,
    ) -> Result<&'d mut R::Object>;
    /// Takes over what hooks did to the object.
    #[doc(hidden)]
    fn absorb(draft: &mut Self::Draft, object: &mut OnceCell<R::Object>);
    /// Gives a new object the name that an address has.
    #[doc(hidden)]
    fn name_draft(hop: &Hop<'_, R>, draft: &mut Self::Draft, name: &str) -> Result<()>
    where
        R: Hooks;
    /// Sets a field to what a client sent, which may be null; or to its default, where it sent nothing.
    #[doc(hidden)]
    fn set_field<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
        field: &Field<R>,
        value: Option<Value<'static>>,
    ) -> Result<()>
    where
        R: Hooks;
    /// The first field without which a new object cannot be stored and that nothing has set.
    #[doc(hidden)]
    fn missing(hop: &Hop<'_, R>, draft: &Self::Draft) -> Option<&'static str>
    where
        R: Hooks;
    /// Whether what is about to be stored differs from what is there.
    #[doc(hidden)]
    fn differs(draft: &Self::Draft) -> bool;
    /// Stores the objects that were sent in an object for it to refer to, and refers to them; whether there were any.
    #[doc(hidden)]
    fn save_related<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<bool>
    where
        R: Hooks;
    /// Stores the object; afterwards the bundle holds it as it is stored.
    #[doc(hidden)]
    fn store<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<()>
    where
        R: Hooks;
    /// Stores objects in as few statements as may be; afterwards the bundles hold them as they are stored. It may leave
    /// all of them to be stored one by one.
    #[doc(hidden)]
    fn store_all<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundles: &mut [Bundle<'h, R>],
    ) -> Result<bool>
    where
        R: Hooks,
    {
        let _ = (hop, connection, bundles);
        Ok(false)
    }
    /// Whether objects may wait for those behind them and be stored with them, since no code of the resource's own runs
    /// that could tell.
    #[doc(hidden)]
    fn shares_statements(hop: &Hop<'_, R>) -> bool
    where
        R: Hooks,
    {
        let _ = hop;
        false
    }
    /// Whether what is sent for an object reads or writes more than its row and what it refers to, so that all before it
    /// must be stored, and it before all behind it.
    #[doc(hidden)]
    fn stands_alone(hop: &Hop<'_, R>, bundle: &Bundle<'_, R>) -> bool
    where
        R: Hooks,
    {
        let _ = (hop, bundle);
        true
    }
    /// The objects whose addresses are sent in these, by their names; and what these refer to is looked up. It may find
    /// less than is there.
    #[doc(hidden)]
    fn look_ahead<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        objects: &[Value<'static>],
    ) -> Result<HashMap<Key, Item<'h, R>>>
    where
        R: Hooks,
    {
        let _ = (hop, connection, objects);
        Ok(HashMap::new())
    }
    /// Forgets what was looked up.
    #[doc(hidden)]
    fn forget_ahead(hop: &Hop<'_, R>)
    where
        R: Hooks,
    {
        let _ = hop;
    }
    /// The name of an object in an address, if it is one of the resource.
    #[doc(hidden)]
    fn key_in_uri(hop: &Hop<'_, R>, uri: &str) -> Option<Key>
    where
        R: Hooks,
    {
        let _ = (hop, uri);
        None
    }
    /// Whether the object gets another name.
    #[doc(hidden)]
    fn renames(hop: &Hop<'_, R>, draft: &Self::Draft) -> bool
    where
        R: Hooks,
    {
        let _ = (hop, draft);
        true
    }
    /// Ties the stored object to the many others that it was sent with. Where that changes anything, `authorize` is
    /// asked first.
    #[doc(hidden)]
    fn save_m2m<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
        authorize: &mut dyn FnMut(&Bundle<'h, R>) -> Result<()>,
    ) -> Result<()>
    where
        R: Hooks;
    /// Deletes an object, and what its model says of those that refer to it.
    #[doc(hidden)]
    fn delete<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        item: Item<'h, R>,
    ) -> Result<()>
    where
        R: Hooks;
    /// The objects that a request to the list is about, as the caller may read them.
    #[doc(hidden)]
    fn asked_for(hop: &Hop<'_, R>) -> Result<R::List>
    where
        R: Hooks;
    /// Deletes all of these.
    #[doc(hidden)]
    fn delete_list(
        hop: &Hop<'_, R>,
        connection: &mut Self::Connection,
        list: R::List,
    ) -> Result<()>
    where
        R: Hooks;
    /// The object at an address of the API.
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where it is no address of this resource.
    #[doc(hidden)]
    fn via_uri<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        uri: &str,
    ) -> Result<ViaUri<Item<'h, R>>>
    where
        R: Hooks;
    /// The field that shows the key of an object, and the key that data sent for an object says.
    #[doc(hidden)]
    fn sent_key(hop: &Hop<'_, R>, data: &Data<'_>) -> Option<(&'static str, Key)>
    where
        R: Hooks;
    /// The key of an object that is about to be stored.
    #[doc(hidden)]
    fn key(hop: &Hop<'_, R>, draft: &Self::Draft) -> Option<Key>
    where
        R: Hooks;
    /// The fields that every write sets to the current time.
    #[doc(hidden)]
    fn auto_now_fields(hop: &Hop<'_, R>) -> Vec<&'static str>
    where
        R: Hooks;
    /// Takes back what was created, where no transaction does.
    #[doc(hidden)]
    fn rollback(hop: &Hop<'_, R>, created: Vec<Item<'_, R>>)
    where
        R: Hooks;
}
