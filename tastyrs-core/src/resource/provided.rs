//! What the hooks that store objects do where a resource does not override them; an override calls them for its part
//! of the work, as `super()` is called in Python.
//!
//! # Examples
//!
//! ```text
//! impl Hooks for NoteResource {
//!     fn obj_create<'h>(&self, hop: &Hop<'h, Self>, db: &mut Connection<Self>, bundle: &mut Bundle<'h, Self>) -> Result<()> {
//!         bundle.obj_mut()?.author_id = hop.request().user().map(|user| user.id);
//!         provided::obj_create(hop, db, bundle)
//!     }
//! }
//! ```

use super::{
    Connection, Hooks, Hop, Store, hydrate,
    save::{authorize, check, write},
};
use crate::{bundle::Bundle, errors::Result};

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
