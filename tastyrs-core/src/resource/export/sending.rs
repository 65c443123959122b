//! The body of an export, while it is made.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{
    body::{BodyStream, MessageBody},
    web::Bytes,
};
use futures_util::stream;
use tastyrs_throttle::Outcome;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::timeout,
};

use super::batches::{Batch, Batches, Going};
use crate::{
    dispatch,
    errors::Error,
    http::Request,
    meta::Cost,
    resource::{Hooks, Mounted, Resource},
};

type Session<R> = <<R as Resource>::Source as Batches<R>>::Session;

/// What an export is sent by: a task beside the connection, so that a client that takes nothing is noticed.
pub(super) struct Sending<R: Resource> {
    pub(super) mounted: Arc<Mounted<R>>,
    pub(super) stall: Duration,
    /// When it is cut off.
    pub(super) until: Instant,
    pub(super) _turn: OwnedSemaphorePermit,
}

/// How an export ended.
enum End {
    /// With its last object.
    Whole,
    HungUp,
    /// The client took nothing for too long.
    Stalled,
    /// It took too long.
    Late,
    Failed(Error),
}

impl<R: Hooks> Sending<R> {
    /// Begins as soon as the request is given to what comes first; what comes second is the body.
    ///
    /// One batch waits while the one before it is sent and the next one is made: no more are held for a client, however
    /// slow it is.
    pub(super) fn start(
        self,
        going: Going<Session<R>>,
        first: Batch,
    ) -> (oneshot::Sender<Request>, impl MessageBody + 'static) {
        let (sender, given) = oneshot::channel();
        let (batches, body) = mpsc::channel(1);
        let whole = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&whole);
        tokio::spawn(async move {
            let Ok(request) = given.await else {
                return end(going).await;
            };
            if self.run(request, going, first, &batches).await {
                told.store(true, Ordering::Release);
            }
        });
        (sender, sent(body, whole))
    }

    /// Sends all batches, and settles the request's place; whether all of the list was sent.
    async fn run(
        self,
        mut request: Request,
        going: Going<Session<R>>,
        first: Batch,
        batches: &mpsc::Sender<Bytes>,
    ) -> bool {
        let (objects, ended) = self.batches(&mut request, going, first, batches).await;
        if !request.is_whole() {
            return false;
        }
        let path = request.path();
        let outcome = match &ended {
            End::Whole => Outcome::Answered(200),
            End::HungUp => Outcome::Dropped,
            End::Stalled => {
                tracing::info!(target: "tastyrs::request", path, objects, "a client took nothing of an export: it was cut off");
                Outcome::Dropped
            }
            End::Late => {
                tracing::warn!(target: "tastyrs::request", path, objects, "an export took too long: it was cut off");
                Outcome::Answered(500)
            }
            End::Failed(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(target: "tastyrs::request", path, objects, %error, cause, "an export was cut off");
                Outcome::Answered(500)
            }
        };
        if self.mounted.meta.throttle_cost == Cost::Objects {
            let cost = u32::try_from(objects).unwrap_or(u32::MAX);
            let held = request.progress().cost;
            request.charge(cost.max(held));
        }
        if let Err(error) = dispatch::settle(&mut request, outcome).await {
            tracing::error!(target: "tastyrs::request", path = request.path(), %error, "an access was not written");
        }
        matches!(ended, End::Whole)
    }

    /// Sends batch after batch; how many objects were sent, and why there are no more.
    async fn batches(
        &self,
        request: &mut Request,
        mut going: Going<Session<R>>,
        first: Batch,
        batches: &mpsc::Sender<Bytes>,
    ) -> (u64, End) {
        let (mut objects, mut batch) = (0, first);
        let ended = loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if !batch.bytes.is_empty() {
                match timeout(left.min(self.stall), batches.send(batch.bytes)).await {
                    Ok(Ok(())) => objects += batch.objects,
                    Ok(Err(_)) => break End::HungUp,
                    Err(_) if left <= self.stall => break End::Late,
                    Err(_) => break End::Stalled,
                }
            }
            if !going.pace.more {
                break End::Whole;
            }
            if Instant::now() >= self.until {
                break End::Late;
            }
            match R::Source::batch(&self.mounted, request, going).await {
                Ok(next) => (going, batch) = next,
                Err(error) => return (objects, End::Failed(error)),
            }
        };
        end(going).await;
        (objects, ended)
    }
}

/// Gives back what an export holds, where that may block: before its body ends, so that a client's next export finds it
/// free.
pub(super) async fn end<S: Send + 'static>(going: Going<S>) {
    // It is given back by a panic too, and there is nothing more to do.
    let _ = tokio::task::spawn_blocking(move || drop(going)).await;
}

/// What arrives, as a body; it ends in an error, which breaks the connection off, unless the whole list was sent.
fn sent(batches: mpsc::Receiver<Bytes>, whole: Arc<AtomicBool>) -> impl MessageBody + 'static {
    let cut = || io::Error::other("the export was cut off");
    BodyStream::new(stream::unfold(
        (batches, whole),
        move |(mut batches, whole)| async move {
            match batches.recv().await {
                Some(bytes) => Some((Ok(bytes), (batches, whole))),
                None if whole.swap(true, Ordering::AcqRel) => None,
                None => Some((Err(cut()), (batches, whole))),
            }
        },
    ))
}
