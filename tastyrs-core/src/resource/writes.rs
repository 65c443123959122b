//! The views that write.

use std::collections::HashMap;

use actix_web::{
    HttpResponse,
    http::{Method, StatusCode, header::LOCATION},
};

use super::{
    Hooks, Hop, Source, Store, ViaUri, dehydrate, hooks::mounted, hydrate::Connection,
    save::is_stored,
};
use crate::{
    bundle::{Bundle, Item, Sent},
    data::{Data, Value},
    dispatch,
    errors::{Error, Result},
    http::{Answer, Request},
    meta::{Cost, method_name},
    queries::Key,
};

/// The most objects that a list is sent at once.
const MOST_OBJECTS: usize = 10_000;

type Work<R> = Box<dyn for<'h> FnOnce(&Hop<'h, R>, &mut Connection<R>) -> Result<Answer> + Send>;

/// Work of a view on a blocking thread, in a transaction that may write.
async fn writing<R: Hooks>(
    resource: &R,
    request: &mut Request,
    work: impl for<'h> FnOnce(&Hop<'h, R>, &mut Connection<R>) -> Result<Answer> + Send + 'static,
) -> Result<HttpResponse> {
    let mounted = mounted(resource, request)?;
    // Boxed, so that the hop is compiled once for all the views of a resource.
    let work: Work<R> = Box::new(work);
    let answer = R::Source::hop(&mounted, request, true, work).await?;
    Ok(answer.into())
}

/// A body as data, or what is wrong with it, which may have to wait until it is clear that the object is there.
async fn deserialized<R: Hooks>(resource: &R, request: &mut Request) -> Result<Value<'static>> {
    /// A body of this many bytes is read where nobody waits for the thread.
    const LONG: usize = 64 * 1024;
    if request.body().len() < LONG {
        return resource.deserialize(request);
    }
    let mounted = mounted(resource, request)?;
    dispatch::blocking(request, move |request| {
        mounted.resource.deserialize(request)
    })
    .await
}

fn object(value: Value<'static>) -> Result<Data<'static>> {
    match value {
        Value::Map(data) => Ok(data),
        _ => Err(Error::bad_request("Invalid data sent: it is no object.")),
    }
}

/// Creates an object.
pub(crate) async fn post_list<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let sent = deserialized(resource, request).await?;
    writing(resource, request, move |hop, connection| {
        let mut data = object(sent)?;
        hop.alter_deserialized_detail_data(hop.request, &mut data)?;
        let bundle = create(hop, connection, data, None)?;
        created(hop, connection, bundle)
    })
    .await
}

/// Changes an object, or creates one where none is.
pub(crate) async fn put_detail<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let sent = deserialized(resource, request).await?;
    let name = request.progress().named.clone();
    writing(resource, request, move |hop, connection| {
        let mut data = object(sent)?;
        hop.alter_deserialized_detail_data(hop.request, &mut data)?;
        let found = match R::Source::named(hop, connection, &name) {
            Err(Error::NotFound) => Vec::new(),
            found => found?,
        };
        match found[..] {
            [] => {
                let bundle = create(hop, connection, data, Some(&name))?;
                created(hop, connection, bundle)
            }
            [item] => {
                hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
                let bundle = update(hop, connection, item, data, Sent::Whole, false)?;
                changed(
                    hop,
                    connection,
                    bundle,
                    StatusCode::NO_CONTENT,
                    StatusCode::OK,
                )
            }
            _ => Ok(several()),
        }
    })
    .await
}

/// Changes what is sent of an object.
pub(crate) async fn patch_detail<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let sent = deserialized(resource, request).await;
    let name = request.progress().named.clone();
    writing(resource, request, move |hop, connection| {
        let item = match R::Source::named(hop, connection, &name)?[..] {
            [] => return Ok(Answer::new(StatusCode::NOT_FOUND)),
            [item] => item,
            _ => return Ok(several()),
        };
        hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
        let data = object(sent?)?;
        let keeps_auto_now = hop.mounted.compatibility.is_tastypie();
        let bundle = update_in_place(hop, connection, item, data, false, keeps_auto_now)?;
        changed(
            hop,
            connection,
            bundle,
            StatusCode::ACCEPTED,
            StatusCode::ACCEPTED,
        )
    })
    .await
}

/// Has a list take a place of the throttle for each of the objects that it was sent, where it is to.
async fn charge<R: Hooks>(
    resource: &R,
    request: &mut Request,
    sent: &Value<'static>,
) -> Result<()> {
    let mounted = mounted(resource, request)?;
    let Value::Map(data) = sent else {
        return Ok(());
    };
    if mounted.meta.throttle_cost != Cost::Objects {
        return Ok(());
    }
    let counted = |name: &str| match data.get(name) {
        Some(Value::List(objects)) => objects.len(),
        _ => 0,
    };
    let objects = counted(&mounted.meta.collection_name)
        + counted(&format!("deleted_{}", mounted.meta.collection_name));
    let cost = u32::try_from(objects).unwrap_or(u32::MAX);
    resource.throttle_check_cost(request, cost).await
}

/// Puts other objects in the place of those that the request asks for: all or nothing.
pub(crate) async fn put_list<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let sent = deserialized(resource, request).await?;
    charge(resource, request, &sent).await?;
    writing(resource, request, move |hop, connection| {
        let (objects, _) = collection(hop, sent)?;
        only_known_filters(hop)?;
        hop.obj_delete_list_for_update(hop, connection)?;
        let mut seen = Vec::with_capacity(objects.len());
        let mut keys = HashMap::new();
        for data in objects {
            let bundle = object(data).and_then(|data| {
                // Of two that are sent with one key Tastypie stores the last.
                if hop.mounted.compatibility.is_tastypie()
                    && let Some((_, key)) = R::Source::sent_key(hop, &data)
                    && let Some(first) = keys.remove(&key)
                {
                    R::Source::delete(hop, connection, first)?;
                }
                create(hop, connection, data, None)
            });
            let bundle = bundle.inspect_err(|_| take_back(hop, &seen))?;
            if let Some((_, key)) = R::Source::sent_key(hop, &bundle.data) {
                keys.insert(key, bundle.item());
            }
            seen.push(bundle);
        }
        if !hop.mounted.meta.always_return_data {
            return Ok(Answer::new(StatusCode::NO_CONTENT));
        }
        let name = hop.mounted.meta.collection_name.to_string();
        listed(hop, connection, name, seen, StatusCode::OK)
    })
    .await
}

/// Creates, changes and deletes objects: all or nothing.
pub(crate) async fn patch_list<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let sent = deserialized(resource, request).await?;
    charge(resource, request, &sent).await?;
    writing(resource, request, move |hop, connection| {
        let meta = &hop.mounted.meta;
        let (objects, deleted) = collection(hop, sent)?;
        if !objects.is_empty() {
            must_allow(&meta.detail_allowed_methods, &Method::PUT)?;
        }
        if !deleted.is_empty() {
            must_allow(&meta.detail_allowed_methods, &Method::DELETE)?;
        }
        let mut seen = Vec::with_capacity(objects.len());
        let mut made = Vec::new();
        let done = patch_each(hop, connection, objects, &mut seen, &mut made)
            .and_then(|()| delete_each(hop, connection, &deleted));
        if let Err(error) = done {
            R::Source::rollback(hop, made);
            return Err(error);
        }
        if !meta.always_return_data {
            return Ok(Answer::new(StatusCode::ACCEPTED));
        }
        // Tastypie writes `objects` here, whatever the collection is called (`resources.py:1640`).
        listed(
            hop,
            connection,
            "objects".to_owned(),
            seen,
            StatusCode::ACCEPTED,
        )
    })
    .await
}

fn patch_each<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    objects: Vec<Value<'static>>,
    seen: &mut Vec<Bundle<'h, R>>,
    made: &mut Vec<Item<'h, R>>,
) -> Result<()> {
    for data in objects {
        let mut data = object(data)?;
        let at = match data.remove("resource_uri") {
            None => None,
            Some(Value::Text(uri)) => Some(R::Source::via_uri(hop, connection, &uri)?),
            Some(other) => {
                return Err(Error::bad_request(format!(
                    "The 'resource_uri' field was given data that was not a URI: {}.",
                    crate::fields::told(&other)
                )));
            }
        };
        if let Some(ViaUri::Found(item)) = at {
            seen.push(update_in_place(hop, connection, item, data, true, false)?);
            continue;
        }
        let name = match &at {
            Some(ViaUri::Missing { name }) => Some(name.as_str()),
            _ => None,
        };
        hop.alter_deserialized_detail_data(hop.request, &mut data)?;
        let bundle = create(hop, connection, data, name)?;
        made.push(bundle.item());
        seen.push(bundle);
    }
    Ok(())
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

/// Deletes an object.
pub(crate) async fn delete_detail<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let name = request.progress().named.clone();
    writing(resource, request, move |hop, connection| {
        let item = match R::Source::named(hop, connection, &name) {
            Err(Error::NotFound) => return Ok(Answer::new(StatusCode::NOT_FOUND)),
            found => match found?[..] {
                [] => return Ok(Answer::new(StatusCode::NOT_FOUND)),
                [item] => item,
                _ => return Ok(several()),
            },
        };
        let mut bundle = Bundle::new(item, hop.request, false, 0);
        hop.authorized_read_detail(&bundle)?;
        hop.obj_delete(hop, connection, &mut bundle)?;
        Ok(Answer::new(StatusCode::NO_CONTENT))
    })
    .await
}

/// Deletes the objects that the request asks for.
pub(crate) async fn delete_list<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    writing(resource, request, move |hop, connection| {
        only_known_filters(hop)?;
        hop.obj_delete_list(hop, connection)?;
        Ok(Answer::new(StatusCode::NO_CONTENT))
    })
    .await
}

/// Makes an object of data, at an address where none is if it has a name.
fn create<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    data: Data<'static>,
    name: Option<&str>,
) -> Result<Bundle<'h, R>> {
    let mut draft = R::Source::blank(hop)?;
    if let Some(name) = name {
        R::Source::name_draft(hop, &mut draft, name)?;
        refuse_another(hop, &draft, &data)?;
    }
    let mut bundle = Bundle::inbound(data, hop.request, Item::Nothing, draft);
    hop.obj_create(hop, connection, &mut bundle)?;
    Ok(bundle)
}

/// Changes an object that is there.
fn update<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
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
    hop.obj_update(hop, connection, &mut bundle)?;
    Ok(bundle)
}

/// A key in a body that is not the one of the address would write another object.
fn refuse_another<R: Hooks>(
    hop: &Hop<'_, R>,
    draft: &crate::bundle::Draft<R>,
    data: &Data<'_>,
) -> Result<()> {
    match R::Source::sent_key(hop, data) {
        Some((field, key)) if R::Source::key(hop, draft).is_some_and(|own| own != key) => {
            Err(Error::bad_request(format!(
                "The '{field}' field is not that of the object at this address."
            )))
        }
        _ => Ok(()),
    }
}

/// Sets what is sent of an object. Hooks and validation see the whole of it, with the change in it.
///
/// # Compatibility
///
/// `update_in_place`, `resources.py:1723`.
fn update_in_place<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut Connection<R>,
    item: Item<'h, R>,
    change: Data<'static>,
    for_list: bool,
    keeps_auto_now: bool,
) -> Result<Bundle<'h, R>> {
    let meta = &hop.mounted.meta;
    let mut sent = Sent::names_of(&change);
    let seen = R::READS_OBJECTS || meta.always_return_data || meta.validation.is_some();
    let mut data = Data::new();
    if seen {
        data = dehydrate::all(hop, connection, &[item], for_list)?
            .pop()
            .unwrap_or_default()
            .into_owned();
        hop.alter_detail_data_to_serialize(hop.request, &mut data)?;
    }
    data.update(change);
    let before = R::READS_OBJECTS.then(|| data.clone());
    hop.alter_deserialized_detail_data(hop.request, &mut data)?;
    if let Some(before) = &before {
        sent.notice(&data, before);
    }
    update(hop, connection, item, data, sent, keeps_auto_now)
}

/// More than one object answers to a name.
fn several() -> Answer {
    Answer::new(StatusCode::MULTIPLE_CHOICES).body("More than one resource is found at this URI.")
}

/// The objects of a list that was sent, and the addresses of those to be deleted.
fn collection<R: Hooks>(
    hop: &Hop<'_, R>,
    sent: Value<'static>,
) -> Result<(Vec<Value<'static>>, Vec<Value<'static>>)> {
    let name = &hop.mounted.meta.collection_name;
    let missing = || Error::bad_request(format!("Invalid data sent: missing '{name}'"));
    let Value::Map(mut data) = sent else {
        return Err(missing());
    };
    hop.alter_deserialized_list_data(hop.request, &mut data)?;
    let list = |value, name: &str| match value {
        Value::List(values) if values.len() > MOST_OBJECTS => Err(Error::bad_request(format!(
            "Invalid data sent: more than {MOST_OBJECTS} in '{name}'"
        ))),
        Value::List(values) => Ok(values),
        // In Python an object without entries is as good as an empty list.
        Value::Map(data) if data.is_empty() && hop.mounted.compatibility.is_tastypie() => {
            Ok(Vec::new())
        }
        _ => Err(Error::bad_request(format!(
            "Invalid data sent: '{name}' is no list"
        ))),
    };
    let objects = list(data.remove(name).ok_or_else(missing)?, name)?;
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

/// Takes back what was created before something failed, where no transaction does.
fn take_back<'h, R: Hooks>(hop: &Hop<'h, R>, seen: &[Bundle<'h, R>]) {
    let created = seen.iter().map(Bundle::item).filter(is_stored).collect();
    R::Source::rollback(hop, created);
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

fn created<'h, R: Hooks>(
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
fn changed<'h, R: Hooks>(
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
fn listed<'h, R: Hooks>(
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
