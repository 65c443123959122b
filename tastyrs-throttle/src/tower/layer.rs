//! The layer, and what its service does with a request.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::answering::{Answering, answered};
use super::headers::{lines, tell};
use crate::client::ClientAddress;
use crate::counts::{Counts, Outcome};
use crate::errors::Error;
use crate::fields::Fields;
use crate::middleware::{
    Answer, Asked, Caller, Charge, Header, Held, Incoming, Options, setters, wants_problem,
};
use crate::reservation::Reservation;
use crate::throttle::{Admission, AnyThrottle};

/// Has a throttle decide about the requests of a service.
///
/// A request takes its place before the service sees it, and the place is settled before its
/// answer leaves; a caller who hangs up has called all the same. Who is turned away gets a 429
/// with an empty body, or a problem where `Accept` asks for one; where the throttle cannot decide,
/// because its store is away, a 503.
///
/// Requests of the crate `http` do not say where they came from. A [`SocketAddr`] or an [`IpAddr`]
/// in their extensions is taken for that; else say it by [`peer`](Self::peer), as for axum:
///
/// ```ignore
/// let layer = ThrottleLayer::new(throttle).peer(|request| {
///     let peer = request.extensions.get::<ConnectInfo<SocketAddr>>()?;
///     Some(peer.ip())
/// });
/// let app = Router::new().route("/", get(hello)).layer(layer);
/// let app = app.into_make_service_with_connect_info::<SocketAddr>();
/// ```
///
/// Where nobody says it, all callers count as one, `noaddr`.
///
/// Bodies of answers are made of nothing and of text: `Default` and `From<String>`, which
/// `axum::body::Body` and `http_body_util::Full` are.
///
/// # Examples
///
/// ```
/// use std::{convert::Infallible, future::{Future, Ready, ready}, net::IpAddr, task::{Context, Poll}};
///
/// use http::{Request, Response, StatusCode};
/// use tastyrs_throttle::{CacheThrottle, tower::ThrottleLayer};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// #[derive(Clone)]
/// struct Hello;
///
/// impl Service<Request<()>> for Hello {
///     type Response = Response<String>;
///     type Error = Infallible;
///     type Future = Ready<Result<Response<String>, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, _: Request<()>) -> Self::Future {
///         ready(Ok(Response::new("hello".to_owned())))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Infallible> {
/// let mut hello = ThrottleLayer::new(CacheThrottle::new().rate("1/m")).layer(Hello);
/// let request = || Request::builder().extension(IpAddr::from([192, 0, 2, 1])).body(());
///
/// let first = hello.call(request().unwrap()).await?;
/// assert_eq!(first.headers()["ratelimit"], r#""1/m";r=0;t=60"#);
/// let second = hello.call(request().unwrap()).await?;
/// assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ThrottleLayer {
    options: Arc<Options<Parts>>,
}

impl ThrottleLayer {
    /// Asks this throttle about every request.
    pub fn new(throttle: impl Into<AnyThrottle>) -> Self {
        Self {
            options: Arc::new(Options::new(throttle.into())),
        }
    }

    /// Finds the address of the connection so.
    #[must_use]
    pub fn peer(self, peer: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.set(|options| options.peer = Some(Arc::new(peer)))
    }

    fn set(mut self, change: impl FnOnce(&mut Options<Parts>)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

setters!(ThrottleLayer, Parts);

impl fmt::Debug for ThrottleLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThrottleLayer").field(&self.options).finish()
    }
}

impl Incoming for Parts {
    fn peer(&self) -> Option<IpAddr> {
        let socket = self.extensions.get().map(SocketAddr::ip);
        socket.or_else(|| self.extensions.get().copied())
    }

    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn url(&self) -> &str {
        self.uri.path_and_query().map_or("/", |url| url.as_str())
    }

    fn lines(&self, header: Header) -> impl DoubleEndedIterator<Item = &[u8]> {
        lines(&self.headers, header)
    }
}

impl<S> Layer<S> for ThrottleLayer {
    type Service = Throttled<S>;

    fn layer(&self, service: S) -> Throttled<S> {
        Throttled {
            service,
            options: Arc::clone(&self.options),
        }
    }
}

/// A service behind a [`ThrottleLayer`].
#[derive(Clone)]
pub struct Throttled<S> {
    service: S,
    options: Arc<Options<Parts>>,
}

impl<S> fmt::Debug for Throttled<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Throttled").field(&self.options).finish()
    }
}

impl<S, In, Out> Service<Request<In>> for Throttled<S>
where
    S: Service<Request<In>, Response = Response<Out>, Error: Send, Future: Send>,
    S: Clone + Send + 'static,
    In: Send + 'static,
    Out: Default + From<String> + Send + 'static,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Answering<Out, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        // The one that is ready is called; its copy gets ready for the next request.
        let copy = self.service.clone();
        let mut service = mem::replace(&mut self.service, copy);
        let options = Arc::clone(&self.options);
        let (request, body) = request.into_parts();
        let Some(asked) = options.ask(&request) else {
            return Answering::under_way(service.call(Request::from_parts(request, body)));
        };
        match options.throttle.reserve_now(&asked.access(&request)) {
            Some(Ok(Admission::Refused(refusal))) => {
                let answer = Answer::refused(&request, &refusal, options.fields);
                Answering::answered(&answer)
            }
            Some(Err(error)) => Answering::answered(&failed(&request, &error)),
            Some(Ok(Admission::Admitted(place))) => {
                Answering::under_way(served(service, options, request, body, place))
            }
            None => Answering::under_way(waited(service, options, request, body, asked)),
        }
    }
}

/// Decides where that needs waiting.
async fn waited<S, In, Out>(
    service: S,
    options: Arc<Options<Parts>>,
    request: Parts,
    body: In,
    asked: Asked,
) -> Result<Response<Out>, S::Error>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Default + From<String>,
{
    let admission = options.throttle.reserve(&asked.access(&request)).await;
    match admission {
        Ok(Admission::Admitted(place)) => served(service, options, request, body, place).await,
        Ok(Admission::Refused(refusal)) => {
            let answer = Answer::refused(&request, &refusal, options.fields);
            Ok(answered(&answer))
        }
        Err(error) => Ok(answered(&failed(&request, &error))),
    }
}

/// Calls the service, and settles the place before its answer leaves.
async fn served<S, In, Out>(
    mut service: S,
    options: Arc<Options<Parts>>,
    request: Parts,
    body: In,
    place: Reservation,
) -> Result<Response<Out>, S::Error>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Default + From<String>,
{
    let held = Held::new(place, options.counts);
    // What a failure is told by, since the request goes.
    let (uri, problem) = (request.uri.clone(), wants_problem(&request));
    match service.call(Request::from_parts(request, body)).await {
        Ok(mut answer) => {
            let status = answer.status();
            let charge = answer.extensions().get::<Charge>().copied();
            // A refusal from further inside says itself when to come back.
            if status != StatusCode::TOO_MANY_REQUESTS {
                tell(answer.headers_mut(), &held, options.fields);
            }
            let outcome = Outcome::Answered(status.as_u16());
            match held.ended(outcome, charge).await {
                Ok(()) => Ok(answer),
                Err(error) => Ok(answered(&Answer::failed(uri.path(), problem, &error))),
            }
        }
        Err(error) => {
            if let Err(failed) = held.ended(Outcome::Raised(500), None).await {
                tracing::error!(target: "tastyrs::throttle", error = %failed, "a request could not be counted");
            }
            Err(error)
        }
    }
}

fn failed(request: &Parts, error: &Error) -> Answer<'static> {
    Answer::failed(request.uri.path(), wants_problem(request), error)
}
