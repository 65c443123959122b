//! Whole lists as files, row by row, for what does not fit into a page or into memory.
//!
//! - `batches`: what comes next of a list, from wherever its objects come
//! - `rows`, `objects`: the two sources
//! - `sending`: the body, while it is made

mod batches;
mod objects;
mod rows;
mod sending;

use std::{sync::Arc, time::Instant};

use actix_web::{
    HttpResponse,
    body::None as NoBody,
    http::{Method, StatusCode, header::CONTENT_DISPOSITION},
};

pub(super) use self::batches::Batches;
use self::{batches::Going, sending::Sending};
use super::{Hooks, Mounted, mounted};
use crate::{
    dispatch,
    errors::{Error, Result},
    fields::UseIn,
    http::{Answer, Request, quote_segment},
    meta::ExportFormat,
    queries::pagination::{Asked, From},
    serializers::Lines,
};

/// The whole list as a file.
pub(crate) async fn get_export<R: Hooks>(
    resource: &R,
    request: &mut Request,
) -> Result<HttpResponse> {
    resource.method_check(request, &[Method::GET])?;
    dispatch::admit(resource, request).await?;
    let answer = begin(resource, request).await;
    dispatch::worked(request, answer)
}

/// Makes the first batch, so that what is wrong with the request is told by a status, and sends it with what follows.
async fn begin<R: Hooks>(resource: &R, request: &mut Request) -> Result<HttpResponse> {
    let mounted = mounted(resource, request)?;
    let export = mounted.meta.export.as_ref().ok_or(Error::NotFound)?;
    let extension = request.progress().named.as_str();
    let format = export
        .at(&format!("export.{extension}"))
        .ok_or(Error::NotFound)?;
    // Said as on a page, but without the bounds of one.
    let is_field = |name: &str| mounted.has_field(name);
    let asked = Asked::read(request.params(), 0, 0, &is_field)?;
    if !matches!(asked.from, From::Offset(0) | From::After(None)) {
        return Err(Error::bad_request(
            "An export begins with the first object.",
        ));
    }
    let turn = Arc::clone(&export.at_once).try_acquire_owned();
    let turn = turn.map_err(|_| Error::Busy)?;
    let until = Instant::now() + export.deadline;
    let lines = Lines::new(
        mounted.meta.serializer.clone(),
        format,
        columns(&mounted),
        export.formulas,
    );
    let left = if asked.limit == 0 {
        u64::MAX
    } else {
        asked.limit
    };
    let session = R::Source::session(&mounted)?;
    let going = Going::new(session, lines, left);
    let (going, first) = R::Source::batch(&mounted, request, going).await?;

    let head = Answer::new(StatusCode::OK)
        .header(
            CONTENT_DISPOSITION,
            &disposition(&mounted.meta.resource_name, format),
        )
        .content_type(format.content_type());
    let head = HttpResponse::from(head);
    if *request.method() == Method::HEAD {
        sending::end(going).await;
        return Ok(head.set_body(NoBody::new()).map_into_boxed_body());
    }
    let sending = Sending {
        mounted: Arc::clone(&mounted),
        stall: export.stall,
        until,
        _turn: turn,
    };
    let (sender, body) = sending.start(going, first);
    request.progress_mut().sender = Some(sender);
    Ok(head.set_body(body).map_into_boxed_body())
}

/// The columns of CSV: those that were said, or the fields that lists may show.
fn columns<R: Hooks>(mounted: &Mounted<R>) -> Vec<String> {
    let said = mounted.meta.export.as_ref();
    if let Some(columns) = said.and_then(|export| export.columns.as_ref()) {
        return columns.iter().map(ToString::to_string).collect();
    }
    let fields = mounted.sorted.iter().map(|place| &mounted.fields[*place]);
    fields
        .filter(|field| !matches!(field.use_in, UseIn::Detail))
        .map(|field| field.spec.name.to_owned())
        .collect()
}

/// `Content-Disposition`: a file named as the resource is (RFC 6266).
fn disposition(resource_name: &str, format: ExportFormat) -> String {
    let name = format!("{}.{}", resource_name.replace('/', "-"), format.extension());
    if name.is_ascii() {
        return format!("attachment; filename=\"{name}\"");
    }
    let mut quoted = String::new();
    quote_segment(&name, &mut quoted);
    format!(
        "attachment; filename=\"export.{}\"; filename*=UTF-8''{quoted}",
        format.extension()
    )
}
