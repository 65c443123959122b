//! The views that write.
//!
//! - `detail`: one object; `list`: many at once
//! - `batch`: the objects of a list, which share statements
//! - `change`: how an object is created or changed
//! - `answer`: what a client is answered
//!
//! What a view does is a plain function, and the way there is one future for all of them: rustc compiles it once for a
//! resource, and not once for a view.

mod answer;
mod batch;
mod change;
mod detail;
mod list;

use actix_web::HttpResponse;

pub(super) use change::is_seen_whole;

use super::{Hooks, Hop, Store, hydrate::Connection, mounted, store::Single};
use crate::{
    data::{Data, Value},
    dispatch,
    errors::{Error, Result},
    http::{Answer, Request},
    meta::Cost,
};

/// What a view does on a blocking thread, in a transaction that may write. It is handed the body as it was read.
type View<R> =
    for<'h> fn(&Hop<'h, R>, &mut Connection<R>, Result<Value<'static>>) -> Result<Answer>;

/// What becomes of the body before a view runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    /// It is not looked at.
    Unread,
    /// It must be readable.
    Object,
    /// What is wrong with it has to wait until it is clear that the object is there.
    Change,
    /// It must be readable, and may cost a place of the throttle for each of its objects.
    List,
}

/// Each of the views: its name, what becomes of the body, the one object that it writes, and what it does.
macro_rules! views {
    ($($(#[$doc:meta])* $name:ident => $body:ident, $single:expr, $view:path;)*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name<R: Hooks>(
                resource: &R,
                request: &mut Request,
            ) -> impl Future<Output = Result<HttpResponse>> {
                write(resource, request, Body::$body, $single, $view)
            }
        )*
    };
}

views! {
    /// Creates an object.
    post_list => Object, Some(Single::Create), detail::post;
    /// Changes an object, or creates one where none is.
    put_detail => Object, Some(Single::Change), detail::put;
    /// Changes what is sent of an object.
    patch_detail => Change, Some(Single::Change), detail::patch;
    /// Deletes an object.
    delete_detail => Unread, Some(Single::Delete), detail::delete;
    /// Puts other objects in the place of those that the request asks for: all or nothing.
    put_list => List, None, list::put;
    /// Creates, changes and deletes objects: all or nothing.
    patch_list => List, None, list::patch;
    /// Deletes the objects that the request asks for.
    delete_list => Unread, None, list::delete;
}

/// Reads the body, hops, and runs a view.
async fn write<R: Hooks>(
    resource: &R,
    request: &mut Request,
    body: Body,
    single: Option<Single>,
    view: View<R>,
) -> Result<HttpResponse> {
    let mounted = mounted(resource, request)?;
    let sent = match body {
        Body::Unread => Ok(Value::Null),
        _ => deserialized(resource, request).await,
    };
    let sent = match body {
        Body::Change => sent,
        _ => Ok(sent?),
    };
    if let (Body::List, Cost::Objects, Ok(sent)) = (body, mounted.meta.throttle_cost, &sent) {
        let cost = list::cost(sent, &mounted.meta.collection_name);
        if let Some(cost) = cost {
            resource.throttle_check_cost(request, cost).await?;
        }
    }
    let is_lone = match (single, &sent) {
        (Some(single), Ok(sent)) => R::Source::is_lone(&mounted, single, sent),
        _ => false,
    };
    let mut sent = Some(sent);
    let work = move |hop: &Hop<'_, R>, connection: &mut Connection<R>| {
        // What was sent is used up when it is tried again.
        let sent = sent.take().unwrap_or_else(|| hop.deserialize(hop.request));
        view(hop, connection, sent)
    };
    let answer = R::Source::write(&mounted, request, is_lone, work).await?;
    Ok(answer.into())
}

/// A body as data, or what is wrong with it.
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
