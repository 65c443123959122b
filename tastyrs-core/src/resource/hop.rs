//! Work on a blocking thread: a resource, its request, and what was loaded for them.

use std::{
    cell::{Cell, RefCell},
    fmt,
    ops::Deref,
    sync::Arc,
};

use super::{Arena, Hooks, ModelResource, Mounted, Pages, Resource, Source};
use crate::{
    bundle::Item,
    cache::{self, Stale},
    data::Data,
    database::TotalsHere,
    errors::Result,
    http::Request,
    queries::pagination::Asked,
};

/// A resource where rows may be touched; it is the resource, with the request at hand.
pub struct Hop<'h, R: Resource> {
    pub(crate) mounted: &'h Arc<Mounted<R>>,
    pub(crate) request: &'h Request,
    /// What was loaded lives as long as the hop, so that data can borrow from it.
    pub(crate) pages: &'h Pages<'h>,
    /// How many bytes its rows are about, with the names of their fields.
    pub(crate) loaded: Cell<usize>,
    /// What was counted before, while the database was in the state that it was in when the request came.
    pub(crate) totals: Option<&'h TotalsHere>,
    pub(crate) objects: Option<&'h Arena<Vec<R::Object>>>,
    /// What is kept of the objects that were written, and is old now.
    pub(crate) written: &'h RefCell<Vec<Stale>>,
    /// Whether there is no transaction, and the one statement that writes sees itself whether what it needs is there.
    pub(crate) is_lone: bool,
}

/// What a hop begins with, whatever its resource.
#[derive(Clone, Copy)]
pub(super) struct Start<'s> {
    pub(super) request: &'s Request,
    pub(super) totals: Option<&'s TotalsHere>,
    pub(super) written: &'s RefCell<Vec<Stale>>,
    pub(super) is_lone: bool,
}

impl<'s> Start<'s> {
    /// Nothing was counted before, and there is a transaction around what is written.
    pub(super) fn of(request: &'s Request, written: &'s RefCell<Vec<Stale>>) -> Self {
        Self {
            request,
            totals: None,
            written,
            is_lone: false,
        }
    }
}

impl<R: Resource> fmt::Debug for Hop<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("request", self.request)
            .finish_non_exhaustive()
    }
}

impl<R: Resource> Deref for Hop<'_, R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.mounted.resource
    }
}

impl<R: Hooks> Hop<'_, R> {
    /// The request.
    pub fn request(&self) -> &Request {
        self.request
    }

    /// Says that the object that an address names so was written: what the resource's cache holds of it is forgotten
    /// when the transaction has ended, before the request is answered. An object whose name changes has two.
    ///
    /// It costs nothing where the resource has no cache.
    pub fn forget(&self, name: &str) {
        if let Some(key) = cache::version_key(self.mounted, self.request, name) {
            self.written
                .borrow_mut()
                .push(Stale::new(&self.mounted.meta.cache, key));
        }
    }

    /// Which part of the list is asked for.
    pub(super) fn asked(&self) -> Result<Asked> {
        let meta = &self.mounted.meta;
        Asked::read(self.request.params(), meta.limit, meta.max_limit, &|name| {
            self.mounted.has_field(name)
        })
    }

    /// About how many bytes become of what was loaded.
    pub(super) fn room(&self) -> usize {
        self.loaded.get() + 1024
    }

    /// Notes that an object is about to be written, or was; the object of a bundle that holds none is none.
    pub(super) fn wrote(&self, item: &Item<'_, R>) {
        if self.mounted.meta.cache.keeps()
            && let Some(name) = R::Source::detail_name(self.mounted, item)
        {
            self.forget(&name.to_string());
        }
    }

    /// Runs `work` with room for what it loads.
    pub(super) fn run<T>(
        mounted: &Arc<Mounted<R>>,
        start: &Start<'_>,
        work: impl FnOnce(&Hop<'_, R>) -> T,
    ) -> T {
        let (pages, objects) = (Pages::default(), Arena::default());
        work(&Hop {
            mounted,
            request: start.request,
            pages: &pages,
            loaded: Cell::new(0),
            totals: start.totals,
            objects: Some(&objects),
            written: start.written,
            is_lone: start.is_lone,
        })
    }
}

impl<R: ModelResource + Hooks> Hop<'_, R> {
    /// The data that a client is shown of a model, as in a detail.
    ///
    /// # Errors
    ///
    /// What loading related rows and the hooks meet.
    ///
    /// # Compatibility
    ///
    /// `full_dehydrate`, `resources.py:888`.
    pub fn full_dehydrate(
        &self,
        connection: &mut <Rows<R> as Source<R>>::Connection,
        object: &R::Model,
    ) -> Result<Data<'static>> {
        Ok(self
            .full_dehydrate_all(connection, std::slice::from_ref(object))?
            .pop()
            .unwrap_or_default())
    }

    /// The data that a client is shown of each of these models, as in details; what is related to them is loaded
    /// for all at once.
    ///
    /// # Errors
    ///
    /// What loading related rows and the hooks meet.
    pub fn full_dehydrate_all(
        &self,
        connection: &mut <Rows<R> as Source<R>>::Connection,
        objects: &[R::Model],
    ) -> Result<Vec<Data<'static>>> {
        let pages = Pages::default();
        let hop = Hop {
            mounted: self.mounted,
            request: self.request,
            pages: &pages,
            loaded: Cell::new(0),
            totals: None,
            objects: None,
            written: self.written,
            is_lone: false,
        };
        let items: Vec<Item<'_, R>> = objects.iter().map(Item::Object).collect();
        let data = super::dehydrate::all(&hop, connection, &items, false)?;
        Ok(data.into_iter().map(Data::into_owned).collect())
    }
}

/// The source of a model resource, whatever the resource.
type Rows<R> = <R as Resource>::Source;
