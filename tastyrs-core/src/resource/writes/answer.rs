//! What a client is answered after a write.

use actix_web::http::{StatusCode, header::LOCATION};

use super::super::{Hooks, Hop, Source, Store, dehydrate, hydrate::Connection};
use crate::{
    bundle::{Bundle, Item},
    data::{Data, Value},
    dispatch,
    errors::Result,
    http::Answer,
    queries::Key,
};

/// More than one object answers to a name.
pub(super) fn several() -> Answer {
    Answer::new(StatusCode::MULTIPLE_CHOICES).body("More than one resource is found at this URI.")
}

/// Objects as a client is shown them after they were written: what it sent, under what they are now.
fn shown<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    bundles: Vec<Bundle<'h, R>>,
    for_list: bool,
) -> Result<Vec<Data<'h>>> {
    let items: Vec<Item<'h, R>> = bundles.iter().map(Bundle::item).collect();
    let fresh = dehydrate::all(hop, connection, &items, for_list)?;
    let merged = bundles.into_iter().zip(fresh).map(|(bundle, fresh)| {
        let mut data = bundle.data;
        data.update(fresh);
        // Tastypie shows the time that it would have stored (`resources.py:1662`).
        if bundle.keeps_auto_now {
            for field in R::Source::auto_now_fields(hop) {
                data.insert(field, crate::clock::now());
            }
        }
        data.into_object()
    });
    Ok(merged.collect())
}

pub(super) fn created<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    bundle: Bundle<'h, R>,
) -> Result<Answer> {
    let name: Option<Key> = R::Source::detail_name(hop.mounted, &bundle.item());
    let list_uri = hop.mounted.list_uri(hop.request);
    let location = name.map(|name| dehydrate::detail_uri(&list_uri, &name));
    let answer = changed(
        hop,
        connection,
        bundle,
        StatusCode::CREATED,
        StatusCode::CREATED,
    )?;
    Ok(match location {
        Some(location) => answer.header(LOCATION, &location),
        None => answer,
    })
}

/// The answer to a change: a status alone, or with the object where the resource always returns it.
pub(super) fn changed<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    bundle: Bundle<'h, R>,
    bare: StatusCode,
    with_data: StatusCode,
) -> Result<Answer> {
    let meta = &hop.mounted.meta;
    if !meta.always_return_data {
        return Ok(Answer::new(bare));
    }
    let mut data = shown(hop, connection, vec![bundle], false)?
        .pop()
        .unwrap_or_default();
    hop.alter_detail_data_to_serialize(hop.request, &mut data)?;
    let answer = dispatch::create_answer(meta, hop.request, &Value::Map(data), hop.room())?;
    Ok(answer.with_status(with_data))
}

/// The answer to a change of a list, with the objects in it.
pub(super) fn listed<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    name: String,
    bundles: Vec<Bundle<'h, R>>,
    status: StatusCode,
) -> Result<Answer> {
    let objects = shown(hop, connection, bundles, true)?;
    let mut list = Data::with_capacity(1);
    list.insert(
        name,
        Value::List(objects.into_iter().map(Value::Map).collect()),
    );
    hop.alter_list_data_to_serialize(hop.request, &mut list)?;
    let answer = dispatch::create_answer(
        &hop.mounted.meta,
        hop.request,
        &Value::Map(list),
        hop.room(),
    )?;
    Ok(answer.with_status(status))
}
