//! The views that write many objects at once.

use std::collections::HashMap;

use actix_web::http::{Method, StatusCode};

use super::{
    super::{Hooks, Hop, Store, ViaUri, hydrate::Connection},
    answer::listed,
    batch::Batch,
    object,
};
use crate::{
    bundle::Bundle,
    data::{Data, Value},
    dispatch,
    errors::{Error, Result},
    fields::told,
    http::Answer,
    meta::method_name,
};

/// The most objects that a list is sent at once.
const MOST_OBJECTS: usize = 10_000;

pub(super) fn put<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    sent: Result<Value<'static>>,
) -> Result<Answer> {
    let (objects, _) = collection(hop, sent?)?;
    only_known_filters(hop)?;
    hop.obj_delete_list_for_update(hop, connection)?;
    let mut batch = Batch::new(hop);
    let done = put_each(&mut batch, hop, connection, objects);
    let seen = batch.end(done)?;
    if !hop.mounted.meta.always_return_data {
        return Ok(Answer::new(StatusCode::NO_CONTENT));
    }
    let name = hop.mounted.meta.collection_name.to_string();
    listed(hop, connection, name, seen, StatusCode::OK)
}

pub(super) fn patch<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    sent: Result<Value<'static>>,
) -> Result<Answer> {
    let meta = &hop.mounted.meta;
    let (objects, deleted) = collection(hop, sent?)?;
    if !objects.is_empty() {
        must_allow(&meta.detail_allowed_methods, &Method::PUT)?;
    }
    if !deleted.is_empty() {
        must_allow(&meta.detail_allowed_methods, &Method::DELETE)?;
    }
    let mut batch = Batch::new(hop);
    let done = patch_each(&mut batch, hop, connection, objects)
        .and_then(|()| delete_each(hop, connection, &deleted));
    let seen = batch.end(done)?;
    let status = StatusCode::ACCEPTED;
    if !meta.always_return_data {
        return Ok(Answer::new(status));
    }
    // Tastypie writes `objects` here, whatever the collection is called (`resources.py:1640`).
    listed(hop, connection, "objects".to_owned(), seen, status)
}

pub(super) fn delete<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    _: Result<Value<'static>>,
) -> Result<Answer> {
    only_known_filters(hop)?;
    hop.obj_delete_list(hop, connection)?;
    Ok(Answer::new(StatusCode::NO_CONTENT))
}

/// How many objects a list holds, those that it deletes among them; nothing where it is no list.
pub(super) fn cost(sent: &Value<'_>, name: &str) -> Option<u32> {
    let Value::Map(data) = sent else {
        return None;
    };
    let counted = |name: &str| match data.get(name) {
        Some(Value::List(objects)) => objects.len(),
        _ => 0,
    };
    let objects = counted(name) + counted(&format!("deleted_{name}"));
    Some(u32::try_from(objects).unwrap_or(u32::MAX))
}

fn put_each<'h, R: Hooks>(
    batch: &mut Batch<'h, '_, R>,
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    mut objects: Vec<Value<'static>>,
) -> Result<()> {
    let mut keys = HashMap::new();
    for place in 0..objects.len() {
        batch.look_ahead(connection, &objects, place)?;
        let data = batch.or_what_waits(connection, object(std::mem::take(&mut objects[place])))?;
        // Of two that are sent with one key Tastypie stores the last.
        if hop.mounted.compatibility.is_tastypie()
            && let Some((_, key)) = R::Source::sent_key(hop, &data)
            && let Some(first) = keys.remove(&key)
        {
            batch.store(connection)?;
            R::Source::delete(hop, connection, batch.item(first))?;
        }
        batch.create(connection, data, None)?;
        if let Some((_, key)) = batch
            .last()
            .and_then(|bundle| R::Source::sent_key(hop, &bundle.data))
        {
            keys.insert(key, place);
        }
    }
    batch.store(connection)
}

fn patch_each<'h, R: Hooks>(
    batch: &mut Batch<'h, '_, R>,
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    mut objects: Vec<Value<'static>>,
) -> Result<()> {
    for place in 0..objects.len() {
        batch.look_ahead(connection, &objects, place)?;
        let data = object(std::mem::take(&mut objects[place]));
        let mut data = batch.or_what_waits(connection, data)?;
        let at = match data.remove("resource_uri") {
            None => None,
            Some(Value::Text(uri)) => Some(batch.via_uri(connection, &uri)?),
            Some(other) => {
                let wrong = Error::bad_request(format!(
                    "The 'resource_uri' field was given data that was not a URI: {}.",
                    told(&other)
                ));
                return batch.or_what_waits(connection, Err(wrong));
            }
        };
        if let Some(ViaUri::Found(item)) = at {
            batch.change(connection, item, data)?;
            continue;
        }
        let name = match &at {
            Some(ViaUri::Missing { name }) => Some(name.as_str()),
            _ => None,
        };
        hop.alter_deserialized_detail_data(hop.request, &mut data)?;
        batch.create(connection, data, name)?;
    }
    batch.store(connection)
}

fn delete_each<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    uris: &[Value<'static>],
) -> Result<()> {
    for uri in uris {
        let uri = uri.as_str().ok_or(Error::NotFound)?;
        let ViaUri::Found(item) = R::Source::via_uri(hop, connection, uri)? else {
            return Err(Error::NotFound);
        };
        let mut bundle = Bundle::new(item, hop.request, false, 0);
        hop.obj_delete(hop, connection, &mut bundle)?;
    }
    Ok(())
}

/// Values of a list.
type Sequence = Vec<Value<'static>>;

/// The objects of a list that was sent, and the addresses of those to be deleted.
fn collection<R: Hooks>(hop: &Hop<'_, R>, sent: Value<'static>) -> Result<(Sequence, Sequence)> {
    let (name, tastypie) = (
        &hop.mounted.meta.collection_name,
        hop.mounted.compatibility.is_tastypie(),
    );
    let Value::Map(mut data) = sent else {
        return Err(missing(name));
    };
    hop.alter_deserialized_list_data(hop.request, &mut data)?;
    lists(data, name, tastypie)
}

fn missing(name: &str) -> Error {
    Error::bad_request(format!("Invalid data sent: missing '{name}'"))
}

/// The two lists in the data of a list; not of a resource, so that it is compiled once.
fn lists(mut data: Data<'static>, name: &str, tastypie: bool) -> Result<(Sequence, Sequence)> {
    let list = |value, name: &str| match value {
        Value::List(values) if values.len() > MOST_OBJECTS => Err(Error::bad_request(format!(
            "Invalid data sent: more than {MOST_OBJECTS} in '{name}'"
        ))),
        Value::List(values) => Ok(values),
        // In Python an object without entries is as good as an empty list.
        Value::Map(data) if data.is_empty() && tastypie => Ok(Vec::new()),
        _ => Err(Error::bad_request(format!(
            "Invalid data sent: '{name}' is no list"
        ))),
    };
    let objects = list(data.remove(name).ok_or_else(|| missing(name))?, name)?;
    let deleted = format!("deleted_{name}");
    let deleted = match data.remove(&deleted) {
        // A text is no list of addresses, and none of its letters is one.
        Some(Value::Text(text)) if !text.is_empty() => vec![Value::Text(text)],
        None | Some(Value::Null | Value::Text(_)) => Vec::new(),
        Some(value) => list(value, &deleted)?,
    };
    Ok((objects, deleted))
}

fn must_allow(allowed: &[Method], method: &Method) -> Result<()> {
    if allowed.contains(method) {
        return Ok(());
    }
    let allow: Vec<String> = allowed
        .iter()
        .map(|method| method_name(method).to_uppercase())
        .collect();
    Err(dispatch::immediate(
        StatusCode::METHOD_NOT_ALLOWED,
        &[(actix_web::http::header::ALLOW, &allow.join(","))],
        String::new(),
    ))
}

/// Refuses a request that would delete by a filter that is none: it would delete too much.
fn only_known_filters<R: Hooks>(hop: &Hop<'_, R>) -> Result<()> {
    if hop.mounted.compatibility.is_tastypie() {
        return Ok(());
    }
    let known = |parameter: &str| {
        let name = parameter.split("__").next().unwrap_or(parameter);
        ["format", "username", "api_key"].contains(&parameter)
            || hop
                .mounted
                .fields
                .iter()
                .any(|field| field.spec.name == name)
    };
    let mut names = hop.request.params().iter().map(|(name, _)| name);
    match names.find(|name| !known(name)) {
        None => Ok(()),
        Some(unknown) => Err(Error::bad_request(format!(
            "There is no filter '{unknown}', and so it is not clear what is to go."
        ))),
    }
}
