//! An object on its way into its source: checked, authorized, stored.

use super::{Connection, Hooks, Hop, Store, hooks::authorization, hydrate::no_data};
use crate::{
    bundle::Bundle,
    dispatch,
    errors::{Error, Result},
};

/// Whether the data is valid and all that an object needs is there.
pub(super) fn check<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    db: &mut Connection<R>,
    bundle: &mut Bundle<'h, R>,
) -> Result<()> {
    if bundle.is_new() {
        hop.mounted.meta.authorization.prepare_create(bundle)?;
    }
    let errors = hop.mounted.resource.is_valid(bundle)?;
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

/// Reads in what was sent for an object, and checks and authorizes it, so that it may be written.
pub(super) fn ready<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    db: &mut Connection<R>,
    bundle: &mut Bundle<'h, R>,
) -> Result<()> {
    hop.mounted.resource.full_hydrate(hop, db, bundle)?;
    check(hop, db, bundle)?;
    authorize(hop, bundle)
}

pub(super) fn write<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    db: &mut Connection<R>,
    bundle: &mut Bundle<'h, R>,
) -> Result<()> {
    hop.wrote(&bundle.item());
    // To what it refers is known only now, and that may be whose it is.
    if R::Source::save_related(hop, db, bundle)? {
        authorize(hop, bundle)?;
    }
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
    let mut differs = R::Source::differs(bundle.draft()?);
    if !differs {
        R::Source::save_related(hop, db, bundle)?;
        differs = R::Source::differs(bundle.draft()?);
    }
    if differs {
        return hop.mounted.resource.save(hop, db, bundle);
    }
    bundle.stored(found);
    let mut authorized = false;
    R::Source::save_m2m(hop, db, bundle, &mut |bundle| {
        if std::mem::replace(&mut authorized, true) {
            return Ok(());
        }
        hop.mounted.resource.authorized_update_detail(bundle)
    })
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
