//! Resources: what is declared, what can be overridden, where the objects come from.
//!
//! - [`model`](Model): what `#[derive(Model)]` says
//! - [`hooks`](Hooks): the steps and the hooks that a resource may override
//! - `mounted`: a resource in an API
//! - [`rows`](Rows), [`objects`](Objects): objects from tables, and from anywhere else
//! - `dehydrate`: objects as data
//! - `shown`: rows that are shown as they were loaded
//! - `related`: the objects behind relations, loaded by the page
//! - `paging`: the part of a list that is asked for, and how many objects there are
//! - `generic`: those behind generic foreign keys, read and written
//! - `views`: lists, details, sets; `writes`: what changes them, one object or many
//! - `hydrate`: data as an object; `save`: how it is checked, authorized and stored;
//!   [`provided`] is what hooks do where they are not overridden
//! - [`store`](Store): where objects are written; `row_store` and `object_store` do it
//! - `hop`: work on a blocking thread; `row_hops`: how it comes to a connection
//! - `export`: whole lists as files
//! - `draft`: a row that is about to be written; `write_row`, `write_rows`: its statements, alone and with others
//! - `links`: relations as a client writes them; `references`, `violations`: what a database refuses

mod dehydrate;
mod draft;
mod export;
mod generic;
mod hooks;
mod hop;
mod hydrate;
mod links;
mod model;
mod mounted;
mod object_store;
mod objects;
mod paging;
pub mod provided;
mod references;
mod related;
mod row_hops;
mod row_store;
mod rows;
mod save;
mod shown;
mod store;
mod views;
mod violations;
mod write_row;
mod write_rows;
mod writes;

pub(crate) use export::get_export;
pub(crate) use generic::check as check_generic;
pub(crate) use hooks::mounted;
pub use hooks::{Hooks, InDb};
pub use hop::Hop;
pub use hydrate::Connection;
use links::Known;
pub(crate) use links::RelatedWrites;
pub use model::{ColumnOf, ColumnSpec, DeleteAction, Model, ModelFor, OnDelete, table_sql};
pub(crate) use mounted::Mounted;
pub use objects::{ObjectSource, Objects};
pub(crate) use paging::Paged;
pub(crate) use related::{Related, RelatedRows};
pub use rows::Rows;
pub(crate) use shown::ShownField;
pub use store::Store;
pub(crate) use store::ViaUri;
pub(crate) use views::{get_detail, get_list, get_multiple, get_schema};
pub(crate) use writes::{
    delete_detail, delete_list, patch_detail, patch_list, post_list, put_detail, put_list,
};

use std::{any::Any, cell::OnceCell, sync::Arc};

use crate::{
    api::Declaring,
    bundle::Item,
    data::Value,
    database::{Dialect, Page},
    errors::Result,
    fields::Fields,
    http::Request,
    meta::Meta,
    queries::Key,
};

/// A resource as it is declared.
///
/// Implemented by `#[derive(ModelResource)]` and `#[derive(Resource)]`. What a resource does is in [`Hooks`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "not a resource",
    note = "add `#[derive(ModelResource)]`, or `#[derive(Resource)]` for a source without a model"
)]
pub trait Resource: Sized + Send + Sync + 'static {
    /// What it shows: a model, or any object.
    type Object: Send + Sync + 'static;
    /// Many of them, to be narrowed: Diesel's boxed query, or a `Vec`.
    type List: Send + 'static;
    /// Where they come from: [`Rows`] or [`Objects`].
    type Source: Store<Self>;

    /// Whether hooks may ask for the object, so that all of its columns are loaded.
    const READS_OBJECTS: bool;

    /// Whether any hook is one's own. Where none is, what is asked of the database is known when the resource is
    /// registered.
    const HAS_HOOKS: bool = true;

    /// What the attribute says.
    fn meta() -> Meta<Self>;

    /// Its fields.
    fn fields() -> Fields<Self>;

    /// What this very resource changes of it.
    #[doc(hidden)]
    fn meta_of(&self, meta: Meta<Self>) -> Meta<Self> {
        meta
    }

    /// A list of nothing, in place of this one.
    fn none(list: Self::List) -> Self::List {
        Self::Source::none(list)
    }
}

/// A resource over a Diesel model.
///
/// Implemented by `#[derive(ModelResource)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource over a model",
    label = "not a model resource",
    note = "add `#[derive(ModelResource)]` to `{Self}`"
)]
pub trait ModelResource:
    Resource<
        Object = <Self as ModelResource>::Model,
        List = <<Self as ModelResource>::Model as ModelFor<<Self as ModelResource>::Db>>::Query,
        Source = Rows,
    >
{
    /// Its model.
    type Model: ModelFor<Self::Db>;
    /// The backend of its database.
    type Db: Dialect;
}

/// Where the objects of a resource come from.
///
/// Sealed: [`Rows`] and [`Objects`] are the two.
pub trait Source<R: Resource>: sealed::Sealed + Sized + 'static {
    /// What it keeps of the API that the resource is part of.
    #[doc(hidden)]
    type State: Send + Sync;
    /// What its work is done on.
    #[doc(hidden)]
    type Connection;

    /// Enters the resource among those that it may be related to.
    #[doc(hidden)]
    fn declare(meta: &Meta<R>, fields: &Fields<R>, declaring: &mut Declaring) -> Result<()>;
    /// Finds its database, once all resources are declared.
    #[doc(hidden)]
    fn state(meta: &Meta<R>, fields: &Fields<R>, declaring: &Declaring) -> Result<Self::State>;
    /// What the resources related to it load through it.
    #[doc(hidden)]
    fn related_rows(mounted: &Arc<Mounted<R>>) -> Option<Box<dyn Any + Send + Sync>>
    where
        R: Hooks;
    /// All objects.
    #[doc(hidden)]
    fn all(resource: &R, request: &Request) -> Result<R::List>;
    #[doc(hidden)]
    fn none(list: R::List) -> R::List;
    /// Runs work where it may block.
    #[doc(hidden)]
    fn hop<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        writes: bool,
        work: F,
    ) -> impl Future<Output = Result<T>>
    where
        R: Hooks,
        T: Send + 'static,
        F: FnOnce(&Hop<'_, R>, &mut Self::Connection) -> Result<T> + Send + 'static;
    /// Runs work of a view that only reads where it may block, or here where it is over at once; a second time should its
    /// connection break.
    #[doc(hidden)]
    fn read<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        reads: Reads,
        work: F,
    ) -> impl Future<Output = Result<T>>
    where
        R: Hooks,
        T: Send + 'static,
        F: for<'h> Fn(&Hop<'h, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        let _ = reads;
        Self::hop(mounted, request, false, work)
    }
    /// A part of a list. What is wrong with a filter is told before what is wrong with the page.
    #[doc(hidden)]
    fn page<'h>(hop: &Hop<'h, R>, connection: &mut Self::Connection) -> Result<Paged<'h, R>>
    where
        R: Hooks;
    /// The objects that an address names: none, one, or too many.
    #[doc(hidden)]
    fn named<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        name: &str,
    ) -> Result<Vec<Item<'h, R>>>
    where
        R: Hooks;
    /// For each of these names its object.
    #[doc(hidden)]
    fn set<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        names: &[&str],
    ) -> Result<Vec<Option<Item<'h, R>>>>
    where
        R: Hooks;
    /// What the relations of these objects lead to, a value of each field.
    #[doc(hidden)]
    fn related<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        items: &[Item<'h, R>],
        for_list: bool,
    ) -> Result<Vec<Related<'h>>>
    where
        R: Hooks;
    /// What is shown of objects whose data is what was loaded of them, and nothing else.
    #[doc(hidden)]
    fn shown(mounted: &Mounted<R>, for_list: bool) -> Option<&[ShownField]> {
        let _ = (mounted, for_list);
        None
    }
    /// The value of a column of the model.
    #[doc(hidden)]
    fn column<'h>(item: &Item<'h, R>, column: usize) -> Value<'h>;
    /// A name in an address as every address of the same object could write it; nothing where no object has it, or where
    /// its objects cannot be kept outside of their source.
    #[doc(hidden)]
    fn canonical_name(mounted: &Mounted<R>, name: &str) -> Option<String> {
        let _ = (mounted, name);
        None
    }
    /// An object as bytes, to be kept.
    #[doc(hidden)]
    fn to_bytes(item: &Item<'_, R>) -> Option<Vec<u8>> {
        let _ = item;
        None
    }
    /// The object that was kept as these bytes, if they can still be read.
    #[doc(hidden)]
    fn from_bytes<'h>(hop: &Hop<'h, R>, bytes: &[u8]) -> Option<Item<'h, R>> {
        let _ = (hop, bytes);
        None
    }
    /// The name of an object in its address.
    #[doc(hidden)]
    fn detail_name(mounted: &Mounted<R>, item: &Item<'_, R>) -> Option<Key>;
    /// The address of the page that shows an object.
    #[doc(hidden)]
    fn absolute_url(object: &R::Object) -> Option<String>;
}

/// What a view reads.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// What is found by its key.
    Keyed,
    /// A page of the list.
    Page,
    /// Whatever it likes.
    Anything,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Rows {}
    impl Sealed for super::Objects {}
}

/// A `typed_arena::Arena` that takes no memory before something is kept in it.
pub(crate) struct Arena<T>(OnceCell<typed_arena::Arena<T>>);

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<T> Arena<T> {
    /// Keeps one thing.
    pub(crate) fn alloc(&self, one: T) -> &T {
        self.kept().alloc(one)
    }

    /// Keeps some things, side by side.
    pub(crate) fn alloc_extend(&self, some: impl IntoIterator<Item = T>) -> &[T] {
        self.kept().alloc_extend(some)
    }

    fn kept(&self) -> &typed_arena::Arena<T> {
        // Most hops keep one thing.
        self.0.get_or_init(|| typed_arena::Arena::with_capacity(1))
    }
}

/// Where the pages of a hop, what was made of them, and what was looked up ahead are kept until it ends.
#[derive(Default)]
pub(crate) struct Pages<'h> {
    known: Known,
    loaded: Arena<Page>,
    texts: Arena<String>,
    shown: shown::Kept<'h>,
}

impl Pages<'_> {
    /// Keeps a page.
    pub(crate) fn keep(&self, page: Page) -> &Page {
        self.loaded.alloc(page)
    }

    /// Keeps a text.
    pub(crate) fn keep_text(&self, text: String) -> &str {
        self.texts.alloc(text)
    }
}
