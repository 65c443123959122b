//! Objects that come from anywhere but a table of the database.

use std::{any::Any, cell::RefCell, sync::Arc};

use super::{Hooks, Hop, Mounted, Paged, Resource, Source, hop::Start, related::Related};
use crate::{
    api::Declaring,
    bundle::Item,
    data::Value,
    dispatch,
    errors::{Error, Result},
    fields::Fields,
    http::Request,
    meta::Meta,
    queries::Key,
};

/// Where the objects of a resource without a model come from; it is called on a blocking thread.
///
/// # Compatibility
///
/// The data methods of `Resource`, `resources.py:1058`: what a resource of one's own had to write.
pub trait ObjectSource: Resource<Source = Objects, List = Vec<<Self as Resource>::Object>> {
    /// The objects of the list, in their order.
    ///
    /// # Errors
    ///
    /// What the source meets.
    fn obj_get_list(&self, request: &Request) -> Result<Vec<Self::Object>>;

    /// The object that an address names.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where there is none, and what the source meets.
    fn obj_get(&self, request: &Request, name: &str) -> Result<Self::Object>;

    /// The name of an object in its address.
    fn detail_uri(&self, object: &Self::Object) -> String;

    /// An object as it is before what a client sent is read into it.
    ///
    /// # Errors
    ///
    /// [`Error::NotImplemented`](crate::Error::NotImplemented), 501, unless the source says otherwise: without it nothing
    /// can be created.
    ///
    /// # Compatibility
    ///
    /// `Meta.object_class`, `resources.py:87`.
    fn new_object(&self, request: &Request) -> Result<Self::Object> {
        let _ = request;
        Err(Error::NotImplemented(std::any::type_name::<Self>()))
    }

    /// Keeps a new object, and gives it back as it is kept, with the name that it has from now on.
    ///
    /// # Errors
    ///
    /// [`Error::NotImplemented`](crate::Error::NotImplemented), 501, unless the source says otherwise.
    ///
    /// # Compatibility
    ///
    /// `obj_create`, `resources.py:1244`.
    fn obj_create(&self, request: &Request, object: Self::Object) -> Result<Self::Object> {
        let _ = (request, object);
        Err(Error::NotImplemented(std::any::type_name::<Self>()))
    }

    /// Keeps an object that was changed in place of the one of this name, and gives it back as it is kept.
    ///
    /// # Errors
    ///
    /// [`Error::NotImplemented`](crate::Error::NotImplemented), 501, unless the source says otherwise.
    ///
    /// # Compatibility
    ///
    /// `obj_update`, `resources.py:1256`.
    fn obj_update(
        &self,
        request: &Request,
        name: &str,
        object: Self::Object,
    ) -> Result<Self::Object> {
        let _ = (request, name, object);
        Err(Error::NotImplemented(std::any::type_name::<Self>()))
    }

    /// Forgets the object of this name.
    ///
    /// # Errors
    ///
    /// [`Error::NotImplemented`](crate::Error::NotImplemented), 501, unless the source says otherwise.
    ///
    /// # Compatibility
    ///
    /// `obj_delete`, `resources.py:1286`.
    fn obj_delete(&self, request: &Request, name: &str) -> Result<()> {
        let _ = (request, name);
        Err(Error::NotImplemented(std::any::type_name::<Self>()))
    }

    /// Forgets all of these objects.
    ///
    /// # Errors
    ///
    /// What forgetting one of them meets.
    ///
    /// # Compatibility
    ///
    /// `obj_delete_list`, `resources.py:1266`.
    fn obj_delete_list(&self, request: &Request, objects: Vec<Self::Object>) -> Result<()> {
        objects
            .iter()
            .try_for_each(|object| self.obj_delete(request, &self.detail_uri(object)))
    }

    /// Takes back what a request created, since what came after it failed; by itself it forgets those objects.
    ///
    /// # Compatibility
    ///
    /// `rollback`, `resources.py:1319`.
    fn rollback(&self, request: &Request, names: &[String]) {
        for name in names {
            if let Err(error) = self.obj_delete(request, name) {
                tracing::error!(target: "tastyrs::request", name, %error, "what was created could not be taken back");
            }
        }
    }
}

/// The source of a resource without a model: its [`ObjectSource`].
#[derive(Debug)]
pub struct Objects;

impl<R: ObjectSource> Source<R> for Objects {
    type State = ();
    type Connection = ();

    fn declare(_: &Meta<R>, _: &Fields<R>, _: &mut Declaring) -> Result<()> {
        Ok(())
    }

    fn state(_: &Meta<R>, _: &Fields<R>, _: &Declaring) -> Result<()> {
        Ok(())
    }

    fn related_rows(_: &Arc<Mounted<R>>) -> Option<Box<dyn Any + Send + Sync>>
    where
        R: Hooks,
    {
        None
    }

    fn all(resource: &R, request: &Request) -> Result<R::List> {
        resource.obj_get_list(request)
    }

    fn none(_: R::List) -> R::List {
        Vec::new()
    }

    fn hop<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        _: bool,
        work: F,
    ) -> impl Future<Output = Result<T>>
    where
        R: Hooks,
        T: Send + 'static,
        F: FnOnce(&Hop<'_, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        let here = Arc::clone(mounted);
        dispatch::blocking(request, move |request| {
            let written = RefCell::default();
            let start = Start::of(request, &written);
            Hop::run(&here, &start, |hop| work(hop, &mut ()))
        })
    }

    fn page<'h>(hop: &Hop<'h, R>, (): &mut ()) -> Result<Paged<'h, R>>
    where
        R: Hooks,
    {
        let objects = hop.authorized_read_list(hop.get_object_list(hop.request)?, hop.request)?;
        Paged::of_objects(hop, objects)
    }

    fn named<'h>(hop: &Hop<'h, R>, (): &mut (), name: &str) -> Result<Vec<Item<'h, R>>>
    where
        R: Hooks,
    {
        Ok(kept(hop, vec![hop.obj_get(hop.request, name)?]))
    }

    fn set<'h>(hop: &Hop<'h, R>, (): &mut (), names: &[&str]) -> Result<Vec<Option<Item<'h, R>>>>
    where
        R: Hooks,
    {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            found.push(match hop.obj_get(hop.request, name) {
                Ok(object) => {
                    let allowed = hop.authorized_read_list(vec![object], hop.request)?;
                    kept(hop, allowed).first().copied()
                }
                Err(Error::NotFound) => None,
                Err(error) => return Err(error),
            });
        }
        Ok(found)
    }

    fn related<'h>(
        hop: &Hop<'h, R>,
        (): &mut (),
        _: &[Item<'h, R>],
        _: bool,
    ) -> Result<Vec<Related<'h>>>
    where
        R: Hooks,
    {
        Ok(hop.mounted.fields.iter().map(|_| Related::None).collect())
    }

    fn column<'h>(_: &Item<'h, R>, _: usize) -> Value<'h> {
        Value::Null
    }

    fn detail_name(mounted: &Mounted<R>, item: &Item<'_, R>) -> Option<Key> {
        match item {
            Item::Object(object) => Some(Key::Text(mounted.resource.detail_uri(object).into())),
            Item::Row { .. } | Item::Nothing => None,
        }
    }

    fn absolute_url(_: &R::Object) -> Option<String> {
        None
    }
}

/// Keeps objects until the hop ends.
pub(super) fn kept<'h, R: ObjectSource>(
    hop: &Hop<'h, R>,
    objects: Vec<R::Object>,
) -> Vec<Item<'h, R>> {
    hop.objects.map_or_else(Vec::new, |room| {
        room.alloc(objects).iter().map(Item::Object).collect()
    })
}
