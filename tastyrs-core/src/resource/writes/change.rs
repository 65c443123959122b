//! How an object is created or changed, whichever view asks for it.

use super::super::{Hooks, Hop, Resource, Store, dehydrate, hydrate::Connection};
use crate::{
    bundle::{Bundle, Draft, Item, Sent},
    data::Data,
    errors::{Error, Result},
    fields::{Field, UseIn},
    meta::Meta,
};

/// Makes an object of data, at an address where none is if it has a name.
pub(super) fn create<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    data: Data<'static>,
    name: Option<&str>,
) -> Result<Bundle<'h, R>> {
    let mut bundle = new(hop, data, name)?;
    hop.obj_create(hop, connection, &mut bundle)?;
    Ok(bundle)
}

/// An object that is about to be made of data.
pub(super) fn new<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    data: Data<'static>,
    name: Option<&str>,
) -> Result<Bundle<'h, R>> {
    let mut draft = R::Source::blank(hop)?;
    if let Some(name) = name {
        R::Source::name_draft(hop, &mut draft, name)?;
        refuse_another(hop, &draft, &data)?;
    }
    Ok(Bundle::inbound(data, hop.request, Item::Nothing, draft))
}

/// Changes an object that is there.
pub(super) fn update<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    item: Item<'h, R>,
    data: Data<'h>,
    sent: Sent,
    keeps_auto_now: bool,
) -> Result<Bundle<'h, R>> {
    let mut bundle = found(hop, item, data, sent, keeps_auto_now)?;
    hop.obj_update(hop, connection, &mut bundle)?;
    Ok(bundle)
}

/// An object that is there and about to be changed.
fn found<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    item: Item<'h, R>,
    data: Data<'h>,
    sent: Sent,
    keeps_auto_now: bool,
) -> Result<Bundle<'h, R>> {
    let draft = R::Source::edit(hop, &item)?;
    refuse_another(hop, &draft, &data)?;
    let mut bundle = Bundle::inbound(data, hop.request, item, draft);
    bundle.sent = sent;
    bundle.keeps_auto_now = keeps_auto_now;
    Ok(bundle)
}

/// A key in a body that is not the one of the address would write another object.
fn refuse_another<R: Hooks>(hop: &Hop<'_, R>, draft: &Draft<R>, data: &Data<'_>) -> Result<()> {
    match R::Source::sent_key(hop, data) {
        Some((field, key)) if R::Source::key(hop, draft).is_some_and(|own| own != key) => {
            Err(Error::bad_request(format!(
                "The '{field}' field is not that of the object at this address."
            )))
        }
        _ => Ok(()),
    }
}

/// Sets what is sent of an object.
pub(super) fn update_in_place<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    item: Item<'h, R>,
    change: Data<'static>,
    for_list: bool,
    keeps_auto_now: bool,
) -> Result<Bundle<'h, R>> {
    let mut bundle = in_place(hop, connection, item, change, for_list, keeps_auto_now)?;
    hop.obj_update(hop, connection, &mut bundle)?;
    Ok(bundle)
}

/// An object that is there and about to be changed by what is sent of it. Hooks and validation see the whole of it, with
/// the change in it.
///
/// # Compatibility
///
/// `update_in_place`, `resources.py:1723`.
pub(super) fn in_place<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    item: Item<'h, R>,
    change: Data<'static>,
    for_list: bool,
    keeps_auto_now: bool,
) -> Result<Bundle<'h, R>> {
    let mut sent = Sent::names_of(&change);
    let mut data = Data::new();
    if is_seen_whole(&hop.mounted.meta, &hop.mounted.fields) {
        data = dehydrate::all(hop, connection, &[item], for_list)?
            .pop()
            .unwrap_or_default()
            .into_owned();
        hop.alter_detail_data_to_serialize(hop.request, &mut data)?;
    }
    data.update(change);
    let before = R::HAS_HOOKS.then(|| data.clone());
    hop.alter_deserialized_detail_data(hop.request, &mut data)?;
    if let Some(before) = &before {
        sent.notice(&data, before);
    }
    found(hop, item, data, sent, keeps_auto_now)
}

/// Whether somebody may look at the data of a whole object before a part of it is changed.
pub(in crate::resource) fn is_seen_whole<R: Resource>(meta: &Meta<R>, fields: &[Field<R>]) -> bool {
    // A field that is shown of the object as it was, and not as it is, stands in an answer all the same.
    let by_field = || {
        let mut fields = fields.iter();
        fields.any(|field| field.hydrate.is_some() || matches!(field.use_in, UseIn::When(_)))
    };
    R::HAS_HOOKS || meta.validation.is_some() || !meta.authorization.answers_at_once() || by_field()
}
