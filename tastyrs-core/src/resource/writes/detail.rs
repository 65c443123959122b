//! The views that write one object.

use actix_web::http::StatusCode;

use super::{
    super::{Hooks, Hop, Source, hydrate::Connection},
    answer::{changed, created, several},
    change::{create, update, update_in_place},
    object,
};
use crate::{
    bundle::{Bundle, Sent},
    data::Value,
    errors::{Error, Result},
    http::Answer,
};

pub(super) fn post<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    sent: Result<Value<'static>>,
) -> Result<Answer> {
    let mut data = object(sent?)?;
    hop.alter_deserialized_detail_data(hop.request, &mut data)?;
    let bundle = create(hop, connection, data, None)?;
    created(hop, connection, bundle)
}

pub(super) fn put<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    sent: Result<Value<'static>>,
) -> Result<Answer> {
    let mut data = object(sent?)?;
    hop.alter_deserialized_detail_data(hop.request, &mut data)?;
    let name = &hop.request.progress().named;
    let found = match R::Source::named(hop, connection, name) {
        Err(Error::NotFound) => Vec::new(),
        found => found?,
    };
    match found[..] {
        [] => {
            let bundle = create(hop, connection, data, Some(name))?;
            created(hop, connection, bundle)
        }
        [item] => {
            hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
            let bundle = update(hop, connection, item, data, Sent::Whole, false)?;
            let (bare, with_data) = (StatusCode::NO_CONTENT, StatusCode::OK);
            changed(hop, connection, bundle, bare, with_data)
        }
        _ => Ok(several()),
    }
}

pub(super) fn patch<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    sent: Result<Value<'static>>,
) -> Result<Answer> {
    let item = match R::Source::named(hop, connection, &hop.request.progress().named)?[..] {
        [] => return Ok(Answer::new(StatusCode::NOT_FOUND)),
        [item] => item,
        _ => return Ok(several()),
    };
    hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
    let data = object(sent?)?;
    let keeps_auto_now = hop.mounted.compatibility.is_tastypie();
    let bundle = update_in_place(hop, connection, item, data, false, keeps_auto_now)?;
    let status = StatusCode::ACCEPTED;
    changed(hop, connection, bundle, status, status)
}

pub(super) fn delete<R: Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut Connection<R>,
    _: Result<Value<'static>>,
) -> Result<Answer> {
    let item = match R::Source::named(hop, connection, &hop.request.progress().named) {
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
}
