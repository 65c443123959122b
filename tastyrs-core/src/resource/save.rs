//! An object on its way into its source: checked, authorized, stored.

pub use super::hydrate::Connection;
use super::{Hooks, Hop, Store, hooks::authorization, hydrate::no_data};
use crate::{
    bundle::{Bundle, Item},
    dispatch,
    errors::{Error, Result},
};

/// What the hooks that store objects do where a resource does not override them; an override calls them for its part
/// of the work, as `super()` is called in Python.
///
/// # Examples
///
/// ```text
/// impl Hooks for NoteResource {
///     fn obj_create<'h>(&self, hop: &Hop<'h, Self>, db: &mut Connection<Self>, bundle: &mut Bundle<'h, Self>) -> Result<()> {
///         bundle.obj_mut()?.author_id = hop.request().user().map(|user| user.id);
///         provided::obj_create(hop, db, bundle)
///     }
/// }
/// ```
pub mod provided {
    use super::{super::hydrate, *};

    /// Reads what was sent into the object.
    ///
    /// # Errors
    ///
    /// What the values and the hooks meet.
    pub fn full_hydrate<'h, R: Hooks>(
        hop: &Hop<'h, R>,
        db: &mut Connection<R>,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<()> {
        hydrate::full_hydrate(hop, db, bundle)
    }

    /// Reads a new object in and stores it.
    ///
    /// # Errors
    ///
    /// As [`Hooks::obj_create`].
    ///
    /// # Compatibility
    ///
    /// `obj_create`, `resources.py:2241`.
    pub fn obj_create<'h, R: Hooks>(
        hop: &Hop<'h, R>,
        db: &mut Connection<R>,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<()> {
        let resource = &hop.mounted.resource;
        resource.full_hydrate(hop, db, bundle)?;
        resource.save(hop, db, bundle)
    }

    /// Reads changes into an object and stores it.
    ///
    /// # Errors
    ///
    /// As [`Hooks::obj_update`].
    ///
    /// # Compatibility
    ///
    /// `obj_update`, `resources.py:2282`.
    pub fn obj_update<'h, R: Hooks>(
        hop: &Hop<'h, R>,
        db: &mut Connection<R>,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<()> {
        obj_create(hop, db, bundle)
    }

    /// Checks, authorizes and stores an object with what it refers to.
    ///
    /// # Errors
    ///
    /// As [`Hooks::save`].
    ///
    /// # Compatibility
    ///
    /// `save`, `resources.py:2381`.
    pub fn save<'h, R: Hooks>(
        hop: &Hop<'h, R>,
        db: &mut Connection<R>,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<()> {
        check(hop, db, bundle)?;
        authorize(hop, bundle)?;
        write(hop, db, bundle)?;
        R::Source::save_m2m(hop, db, bundle, &mut |_| Ok(()))
    }

    /// Deletes an object.
    ///
    /// # Errors
    ///
    /// As [`Hooks::obj_delete`].
    ///
    /// # Compatibility
    ///
    /// `obj_delete`, `resources.py:2343`.
    pub fn obj_delete<'h, R: Hooks>(
        hop: &Hop<'h, R>,
        db: &mut Connection<R>,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<()> {
        hop.mounted.resource.authorized_delete_detail(bundle)?;
        let item = bundle.item();
        hop.wrote(&item);
        R::Source::delete(hop, db, item)
    }

    /// Deletes the objects that a request to the list asks for.
    ///
    /// # Errors
    ///
    /// As [`Hooks::obj_delete_list`].
    ///
    /// # Compatibility
    ///
    /// `obj_delete_list`, `resources.py:2319`.
    pub fn obj_delete_list<R: Hooks>(hop: &Hop<'_, R>, db: &mut Connection<R>) -> Result<()> {
        let list = R::Source::asked_for(hop)?;
        let list = hop
            .mounted
            .resource
            .authorized_delete_list(list, hop.request)?;
        R::Source::delete_list(hop, db, list)
    }

    /// Deletes the objects in whose place a request puts others.
    ///
    /// # Errors
    ///
    /// As [`Hooks::obj_delete_list_for_update`].
    ///
    /// # Compatibility
    ///
    /// `obj_delete_list_for_update`, `resources.py:2331`.
    pub fn obj_delete_list_for_update<R: Hooks>(
        hop: &Hop<'_, R>,
        db: &mut Connection<R>,
    ) -> Result<()> {
        let list = R::Source::asked_for(hop)?;
        let list = hop
            .mounted
            .resource
            .authorized_update_list(list, hop.request)?;
        R::Source::delete_list(hop, db, list)
    }
}

/// Whether the data is valid and all that an object needs is there.
fn check<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    db: &mut Connection<R>,
    bundle: &mut Bundle<'h, R>,
) -> Result<()> {
    let resource = &hop.mounted.resource;
    if bundle.is_new() {
        hop.mounted.meta.authorization.prepare_create(bundle)?;
    }
    let errors = resource.is_valid(bundle)?;
    if !errors.is_empty() {
        return Err(Error::Invalid {
            resource_name: hop.mounted.meta.resource_name.to_string(),
            errors,
        });
    }
    let cleans = hop.mounted.meta.validation.as_ref();
    if cleans.is_some_and(|validation| validation.cleans()) {
        super::hydrate::full_hydrate(hop, db, bundle)?;
    }
    match R::Source::missing(hop, bundle.draft()?) {
        Some(field) => Err(no_data(field)),
        None => Ok(()),
    }
}

/// Whether the caller may store the object. One that is there must be the caller's to change as it is and as it becomes:
/// else who sends another owner would take it over.
pub(super) fn authorize<'h, R: Hooks>(hop: &Hop<'h, R>, bundle: &mut Bundle<'h, R>) -> Result<()> {
    let resource = &hop.mounted.resource;
    if bundle.is_new() {
        return resource.authorized_create_detail(bundle);
    }
    let mut before = Bundle::new(bundle.item(), hop.request, false, 0);
    std::mem::swap(&mut before.data, &mut bundle.data);
    let allowed = resource.authorized_update_detail(&before);
    std::mem::swap(&mut before.data, &mut bundle.data);
    allowed?;
    resource.authorized_update_detail(bundle)
}

fn write<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    db: &mut Connection<R>,
    bundle: &mut Bundle<'h, R>,
) -> Result<()> {
    hop.wrote(&bundle.item());
    R::Source::save_related(hop, db, bundle)?;
    R::Source::store(hop, db, bundle)?;
    hop.wrote(&bundle.item());
    Ok(())
}

/// Stores an object that was sent within another one. One that is there and stays as it is needs no permission and is
/// not written.
pub(super) fn save_nested<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    db: &mut Connection<R>,
    bundle: &mut Bundle<'h, R>,
) -> Result<()> {
    hop.mounted.resource.full_hydrate(hop, db, bundle)?;
    let found = bundle.item();
    let draft = bundle.draft()?;
    let mut authorized = R::Source::differs(draft);
    if authorized {
        check(hop, db, bundle)?;
        authorize(hop, bundle)?;
        write(hop, db, bundle)?;
    } else {
        R::Source::save_related(hop, db, bundle)?;
        if R::Source::differs(bundle.draft()?) {
            authorized = true;
            authorize(hop, bundle)?;
            write(hop, db, bundle)?;
        } else {
            bundle.stored(found);
        }
    }
    R::Source::save_m2m(hop, db, bundle, &mut |bundle| {
        if std::mem::replace(&mut authorized, true) {
            return Ok(());
        }
        hop.mounted.resource.authorized_update_detail(bundle)
    })
}

/// Whether a bundle holds an object that is stored.
pub(super) fn is_stored<R: Hooks>(item: &Item<'_, R>) -> bool {
    !matches!(item, Item::Nothing)
}

/// What `is_valid` does where a resource does not override it.
pub(super) fn is_valid<R: Hooks>(
    resource: &R,
    bundle: &mut Bundle<'_, R>,
) -> Result<crate::validation::Errors> {
    let validation = super::mounted(resource, bundle.request())?
        .meta
        .validation
        .clone();
    validation.map_or_else(
        || Ok(crate::validation::Errors::new()),
        |validation| validation.is_valid(bundle),
    )
}

/// Whether the authorization lets the caller do something to one object.
pub(super) fn authorized<R: Hooks>(
    resource: &R,
    bundle: &Bundle<'_, R>,
    ask: impl FnOnce(&dyn crate::authorization::Authorize<R>, &Bundle<'_, R>) -> Result<bool>,
) -> Result<()> {
    let authorization = authorization(resource, bundle.request())?;
    dispatch::permitted(ask(&*authorization, bundle), bundle.request())
}
