//! Lists, details, sets and schemas: the views that read.

use actix_web::{
    HttpResponse,
    http::{Method, StatusCode},
};

use super::{Hooks, Hop, Source, dehydrate, hooks::mounted, paging::Objects};
use crate::{
    bundle::{Bundle, Item},
    cache,
    data::{Data, Value},
    dispatch,
    errors::{Error, Result},
    http::{Answer, Request},
    meta::Cost,
    schema,
};

/// A page of the list.
pub(crate) async fn get_list<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let mounted = mounted(resource, request)?;
    let answer = R::Source::read_list(&mounted, request, move |hop, connection| {
        let meta = &hop.mounted.meta;
        let paged = R::Source::page(hop, connection)?;
        let place = paged.meta(hop);
        let items = match paged.objects {
            Objects::Items(items) => items,
            Objects::Written(written) => {
                let front = [("meta", place)].into_iter().collect();
                return Ok(written.answer(&meta.collection_name, &front));
            }
        };
        let mut list = collection(hop, connection, &items)?;
        list.insert("meta", place);
        hop.alter_list_data_to_serialize(hop.request, &mut list)?;
        dispatch::create_answer(meta, hop.request, &Value::Map(list), hop.room())
    })
    .await?;
    Ok(answer.into())
}

/// Objects as a list holds them, under the name that the resource gives them.
pub(super) fn collection<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Source as Source<R>>::Connection,
    items: &[Item<'h, R>],
) -> Result<Data<'h>> {
    let objects = dehydrate::all(hop, connection, items, true)?;
    let mut list = Data::with_capacity(2);
    list.insert(
        hop.mounted.meta.collection_name.clone(),
        Value::List(objects.into_iter().map(Value::Map).collect()),
    );
    Ok(list)
}

/// One object.
pub(crate) async fn get_detail<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    let mounted = mounted(resource, request)?;
    let name = request.progress().named.clone();
    let mut place = cache::look(&mounted, request).await;
    let (looked, found) = (
        place.is_some(),
        place.as_mut().and_then(|place| place.found.take()),
    );
    let (answer, missing) = R::Source::read_keyed(&mounted, request, move |hop, connection| {
        let kept = found
            .as_ref()
            .and_then(|bytes| R::Source::from_bytes(hop, bytes));
        let item = match kept {
            Some(item) => item,
            None => match R::Source::named(hop, connection, &name)?[..] {
                [] => return Ok((Answer::new(StatusCode::NOT_FOUND), None)),
                [item] => item,
                _ => {
                    let text = "More than one resource is found at this URI.";
                    let answer = Answer::new(StatusCode::MULTIPLE_CHOICES).body(text);
                    return Ok((answer, None));
                }
            },
        };
        let missing = if looked && kept.is_none() {
            R::Source::to_bytes(&item)
        } else {
            None
        };
        hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
        let mut data = dehydrate::all(hop, connection, &[item], false)?
            .pop()
            .unwrap_or_default();
        hop.alter_detail_data_to_serialize(hop.request, &mut data)?;
        let answer = dispatch::create_answer(
            &hop.mounted.meta,
            hop.request,
            &Value::Map(data),
            hop.room(),
        )?;
        Ok((answer, missing))
    })
    .await?;
    if let Some((place, object)) = place.zip(missing) {
        place.fill(object).await;
    }
    Ok(answer.into())
}

/// The objects that an address names, in its order.
pub(crate) async fn get_multiple<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    resource.method_check(request, &[Method::GET])?;
    dispatch::admitted(resource, request, async |request: &mut Request| {
        set(resource, request).await
    })
    .await
}

async fn set<R: Hooks>(resource: &R, request: &mut Request) -> Result<HttpResponse> {
    let mounted = mounted(resource, request)?;
    let address = request.progress().named.clone();
    if mounted.meta.throttle_cost == Cost::Objects {
        let objects = address.split(';').count();
        let cost = u32::try_from(objects).unwrap_or(u32::MAX);
        resource.throttle_check_cost(request, cost).await?;
    }
    let answer = R::Source::read(&mounted, request, move |hop, connection| {
        let meta = &hop.mounted.meta;
        let names: Vec<&str> = address.split(';').collect();
        let most = if meta.max_limit > 0 {
            meta.max_limit
        } else {
            1_000
        };
        if names.len() as u64 > most {
            return Err(Error::bad_request(format!(
                "A set has at most {most} objects."
            )));
        }
        let mut items = Vec::with_capacity(names.len());
        let mut missing = Vec::new();
        for (name, found) in names.iter().zip(R::Source::set(hop, connection, &names)?) {
            match found {
                Some(item) if may_read(hop, item)? => items.push(item),
                _ => missing.push(*name),
            }
        }
        let mut list = collection(hop, connection, &items)?;
        if !missing.is_empty() {
            list.insert("not_found", missing);
        }
        dispatch::create_answer(meta, hop.request, &Value::Map(list), hop.room())
    })
    .await?;
    Ok(answer.into())
}

/// Whether the caller may read an object; what they may not read is not there for them.
fn may_read<R: Hooks>(hop: &Hop<'_, R>, item: Item<'_, R>) -> Result<bool> {
    match hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0)) {
        Ok(()) => Ok(true),
        Err(Error::Unauthorized { .. } | Error::Forbidden) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The schema.
pub(crate) async fn get_schema<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    resource.method_check(request, &[Method::GET])?;
    resource.is_authenticated(request).await?;
    resource.throttle_check(request).await?;
    resource.log_throttled_access(request).await?;

    match resource.authorized_read_detail(&Bundle::new(Item::Nothing, request, false, 0)) {
        // Whoever must see the object first lets nobody see the schema of none.
        Err(Error::NoObject) => dispatch::permitted(Ok(false), request)?,
        checked => checked?,
    }
    let mounted = mounted(resource, request)?;
    let schema = Value::Map(schema::build_schema(&mounted, request));
    Ok(dispatch::create_answer(&mounted.meta, request, &schema, 4096)?.into())
}
