//! Data as an object: what a client sent is read in, field by field.

use super::{Hooks, Hop, Resource, Source, Store};
use crate::{
    bundle::Bundle,
    errors::{Error, Result},
    fields::Kind,
};

/// What the work of a resource is done on: a connection of its database, or nothing for a source without one.
pub type Connection<R> = <<R as Resource>::Source as Source<R>>::Connection;

/// Reads what was sent into the object: `hydrate`, then each field's hook and value. Relations to many wait until the
/// object is stored.
///
/// # Compatibility
///
/// `full_hydrate`, `resources.py:926`.
pub(super) fn full_hydrate<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    bundle: &mut Bundle<'h, R>,
) -> Result<()> {
    let resource = &hop.mounted.resource;
    let before = R::HAS_HOOKS.then(|| bundle.data.clone());
    resource.hydrate(bundle)?;
    if let Some(before) = &before {
        bundle.sent.notice(&bundle.data, before);
    }
    for field in &hop.mounted.fields {
        if field.spec.readonly {
            continue;
        }
        if let Some(hook) = &field.hydrate
            && bundle.sent.sets(field.spec.name)
        {
            hook(resource, bundle)?;
        }
        let many = field.spec.relation().is_some() && field.spec.kind == Kind::List;
        if !many {
            let value = bundle.sent_value(field.spec.name);
            let value = value.map(|value| value.clone().into_owned());
            R::Source::set_field(hop, connection, bundle, field, value)?;
        }
    }
    Ok(())
}

/// A required field that nothing gives a value.
///
/// # Compatibility
///
/// `ApiField.hydrate`, `fields.py:167`, with its text.
pub(super) fn no_data(field: &str) -> Error {
    Error::bad_request(format!(
        "The '{field}' field has no data and doesn't allow a default or null value."
    ))
}

/// Nothing, for a field that must be something.
pub(super) fn null_refused(field: &str) -> Error {
    Error::bad_request(format!("The '{field}' field doesn't allow a null value."))
}
