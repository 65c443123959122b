//! Requests from actix-web, and answers to it.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    http::{
        Method, StatusCode,
        header::{CONTENT_LENGTH, HOST, HeaderValue, LOCATION, TRANSFER_ENCODING},
    },
    web::{self, Bytes},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Site, entry::Views, index, site::Route};
use crate::{
    dispatch::{render, wrap_view},
    errors::{Error, Result},
    http::{Answer, Head, METHOD_OVERRIDE, Query, Request, decode_path, quote_path},
};

/// A service that answers everything below the API's name.
pub(super) fn scope(base: &str, site: Arc<Site>) -> Scope {
    web::scope(base).default_service(web::to(
        move |request: HttpRequest, payload: web::Payload| {
            let site = Arc::clone(&site);
            async move { serve(site, &request, payload).await }
        },
    ))
}

async fn serve(site: Arc<Site>, request: &HttpRequest, payload: web::Payload) -> HttpResponse {
    // Decoded but for what would be ambiguous, split where the scope ends.
    let (path, rest) = (
        request.match_info().as_str(),
        request.match_info().unprocessed(),
    );
    let Some(prefix) = path
        .strip_suffix(rest)
        .and_then(|matched| site.prefix(matched))
    else {
        return nowhere();
    };
    let prefix: &str = if prefix.is_empty() {
        ""
    } else {
        &quote_path(&decode_path(prefix))
    };
    let route = site.route(&decode_path(rest));
    match route {
        Route::Nowhere => nowhere(),
        Route::Slash => to_slash(&site, request),
        Route::Index => index::top_level(&picture(&site, request, prefix)),
        Route::Throttles => match &site.registry.throttle_page {
            Some(page) => page.answer(&mut picture(&site, request, prefix)).await,
            None => nowhere(),
        },
        Route::View { entry, view } => {
            let views = &site.registry.entries[entry].views;
            let mut picture = picture(&site, request, prefix);
            if picture.params().is_cut() {
                return refused(
                    &**views,
                    &picture,
                    &Error::bad_request("There are too many parameters."),
                );
            }
            // The room of the body is given back when the request is answered.
            let mut _room = None;
            if has_body(request) {
                match body(
                    request,
                    payload,
                    views.max_body_bytes(),
                    views.body_deadline(),
                )
                .await
                {
                    Ok((body, room)) => {
                        picture.set_body(body);
                        _room = Some(room);
                    }
                    Err(error) => return refused(&**views, &picture, &error),
                }
            }
            let (serializer, format) = (views.serializer(), views.default_format());
            let view = async |request: &mut Request| views.call(view, request).await;
            wrap_view(&mut picture, serializer, format, views.cache(), view).await
        }
    }
}

/// What a client is told of a request that no view sees.
fn refused(views: &dyn Views, request: &Request, error: &Error) -> HttpResponse {
    render(request, views.serializer(), views.default_format(), error).into()
}

/// A page for where nothing is.
fn nowhere() -> HttpResponse {
    Answer::new(StatusCode::NOT_FOUND)
        .body("<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1>\n</body>\n</html>\n")
        .into()
}

/// To the same address with a slash behind it, its parameters kept.
///
/// # Compatibility
///
/// Django's `APPEND_SLASH` (`django/middleware/common.py`).
fn to_slash(site: &Site, request: &HttpRequest) -> HttpResponse {
    let uri = request.uri();
    let path = quote_path(&decode_path(uri.path()));
    // Two slashes in front would lead to another host.
    let path = format!("/{}", path.trim_start_matches('/'));
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    Answer::new(StatusCode::MOVED_PERMANENTLY)
        .header(
            LOCATION,
            &format!("{}{path}/{query}", site.registry.script_prefix),
        )
        .into()
}

/// Our own picture of a request, without its body.
fn picture(site: &Arc<Site>, request: &HttpRequest, prefix: &str) -> Request {
    let uri = request.uri();
    let full_path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = request.headers().clone();
    // HTTP/2 says the host in its own way.
    if let Some(authority) = uri.authority()
        && !headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        headers.insert(HOST, host);
    }
    let head = Head {
        method: request.method().clone(),
        full_path: full_path.to_owned(),
        path_length: uri.path().len(),
        query: uri.query().map(Query::parse).unwrap_or_default(),
        headers,
        peer: request.peer_addr().map(|peer| peer.ip()),
        secure: request.app_config().secure(),
        body: Bytes::new(),
        prefix: prefix.to_owned(),
    };
    Request::new(head, Arc::clone(site))
}

/// The most bytes of bodies that wait or are worked on at once in this process, in KiB.
const MOST_BODIES: usize = 64 * 1024;
static BODIES: Semaphore = Semaphore::const_new(MOST_BODIES);

/// Whether a body is read: one that no view looks at is left where it is.
fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let reads = || {
        matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
        ) && !headers.contains_key(METHOD_OVERRIDE)
    };
    (headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)) && !reads()
}

/// The body, of no more bytes and in no more time than it may have, and the room that it takes until the request is
/// answered.
async fn body(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
    deadline: Duration,
) -> Result<(Bytes, SemaphorePermit<'static>)> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let announced = announced
        .and_then(|length| length.parse().ok())
        .unwrap_or(limit);
    if announced > limit {
        return Err(Error::BodyTooLarge { limit });
    }
    let kibibytes = u32::try_from(announced / 1024 + 1).unwrap_or(u32::MAX);
    let room = BODIES
        .try_acquire_many(kibibytes)
        .map_err(|_| Error::Busy)?;
    let body = tokio::time::timeout(deadline, payload.to_bytes_limited(limit))
        .await
        .map_err(|_| Error::BodyTimeout)?
        .map_err(|_| Error::BodyTooLarge { limit })?
        .map_err(|error| Error::Body(error.to_string()))?;
    Ok((body, room))
}
