//! The middleware, and what it does with a request.

use std::borrow::Cow;
use std::fmt;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::StatusCode;

use crate::client::ClientAddress;
use crate::counts::{Counts, Outcome};
use crate::errors::Error as ThrottleError;
use crate::fields::Fields;
use crate::middleware::{
    Answer, Asked, Caller, Charge, Header, Held, Incoming, Options, setters, wants_problem,
};
use crate::reservation::Reservation;
use crate::throttle::{Admission, AnyThrottle};

use super::answering::{Answering, answered};
use super::headers::{lines, tell};

/// Has a throttle decide about the requests of an app, a scope, a resource or a route.
///
/// A request takes its place before anything behind the middleware runs, and the place is settled
/// before its answer leaves; a caller who hangs up has called all the same. Who is turned away
/// gets a 429 with an empty body, or a problem where `Accept` asks for one; where the throttle
/// cannot decide, because its store is away, a 503.
///
/// Make it once and clone it into the workers, so that all of them count together. Throttles of
/// different scopes count apart; one that is wrapped around two counts for both.
///
/// A wrong setting is a 500 to each request; who wants to know before the port opens has the
/// throttle [bound](AnyThrottle::bind) first.
///
/// # Examples
///
/// ```
/// use actix_web::{App, http::StatusCode, test, web};
/// use tastyrs_throttle::{CacheThrottle, actix::Throttling};
///
/// # #[actix_web::main]
/// # async fn main() {
/// let throttling = Throttling::new(CacheThrottle::new().rates(["1/m", "100/h"]));
/// let app = App::new().service(
///     web::scope("/search")
///         .wrap(throttling.clone())
///         .route("", web::get().to(|| async { "found" })),
/// );
/// let app = test::init_service(app).await;
/// let search = || test::TestRequest::get().uri("/search").to_request();
///
/// assert_eq!(test::call_service(&app, search()).await.status(), StatusCode::OK);
/// let refused = test::call_service(&app, search()).await;
/// assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
/// assert!(refused.headers().contains_key("retry-after"));
/// # }
/// ```
///
/// By user, where one has signed in, with the answers that failed alone:
///
/// ```
/// use actix_web::HttpMessage;
/// use tastyrs_throttle::{CacheThrottle, Counts, actix::{Caller, Throttling}};
///
/// struct UserId(u64);
///
/// let throttling = Throttling::new(CacheThrottle::new().rate("20/5m"))
///     .identifier(|request| match request.extensions().get::<UserId>() {
///         Some(UserId(id)) => Caller::Named(id.to_string()),
///         None => Caller::Address,
///     })
///     .counts(Counts::Failures);
/// # let _ = throttling;
/// ```
#[derive(Clone)]
pub struct Throttling {
    pub(super) options: Arc<Options<ServiceRequest>>,
}

impl Throttling {
    /// Asks this throttle about every request.
    pub fn new(throttle: impl Into<AnyThrottle>) -> Self {
        Self {
            options: Arc::new(Options::new(throttle.into())),
        }
    }

    fn set(mut self, change: impl FnOnce(&mut Options<ServiceRequest>)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

setters!(Throttling, ServiceRequest);

impl fmt::Debug for Throttling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Throttling").field(&self.options).finish()
    }
}

impl Incoming for ServiceRequest {
    fn peer(&self) -> Option<IpAddr> {
        self.peer_addr().map(|peer| peer.ip())
    }

    fn method(&self) -> &str {
        Self::method(self).as_str()
    }

    fn url(&self) -> &str {
        self.uri().path_and_query().map_or("/", |url| url.as_str())
    }

    fn lines(&self, header: Header) -> impl DoubleEndedIterator<Item = &[u8]> {
        lines(self.headers(), header)
    }
}

impl<S, B> Transform<S, ServiceRequest> for Throttling
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = Throttled<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        // A worker serves connections, so it has I/O.
        #[cfg(feature = "redis")]
        crate::redis::has_io();
        ready(Ok(Throttled {
            service: Rc::new(service),
            options: Arc::clone(&self.options),
        }))
    }
}

/// A service behind a [`Throttling`].
pub struct Throttled<S> {
    service: Rc<S>,
    options: Arc<Options<ServiceRequest>>,
}

impl<S> Throttled<S> {
    /// What a request holds that does not end at once.
    fn shared(&self) -> (Rc<S>, Arc<Options<ServiceRequest>>) {
        (Rc::clone(&self.service), Arc::clone(&self.options))
    }
}

impl<S> fmt::Debug for Throttled<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Throttled").field(&self.options).finish()
    }
}

impl<S, B> Service<ServiceRequest> for Throttled<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Answering<B>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let options = &*self.options;
        let Some(asked) = options.ask(&request) else {
            let service = Rc::clone(&self.service);
            return Answering::under_way(async move {
                Ok(service.call(request).await?.map_into_left_body())
            });
        };
        let now = options.throttle.reserve_now(&asked.access(&request));
        match now {
            Some(Ok(Admission::Refused(refusal))) => {
                let answer = Answer::refused(&request, &refusal, options.fields);
                Answering::answered(request, &answer)
            }
            Some(Err(error)) => {
                let answer = failed(&request, &error);
                Answering::answered(request, &answer)
            }
            Some(Ok(Admission::Admitted(place))) => {
                let (service, options) = self.shared();
                Answering::under_way(served(service, options, request, place))
            }
            None => {
                let (service, options) = self.shared();
                Answering::under_way(waited(service, options, request, asked))
            }
        }
    }
}

/// Decides where that needs waiting.
pub(super) async fn waited<S, B>(
    service: Rc<S>,
    options: Arc<Options<ServiceRequest>>,
    request: ServiceRequest,
    asked: Asked,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let admission = options.throttle.reserve(&asked.access(&request)).await;
    Ok(match admission {
        Ok(Admission::Admitted(place)) => {
            return served(service, options, request, place).await;
        }
        Ok(Admission::Refused(refusal)) => {
            let answer = Answer::refused(&request, &refusal, options.fields);
            answered(request, &answer)
        }
        Err(error) => {
            let answer = failed(&request, &error);
            answered(request, &answer)
        }
    }
    .map_into_right_body())
}

/// Runs what is behind the middleware, and settles the place before its answer leaves.
async fn served<S, B>(
    service: Rc<S>,
    options: Arc<Options<ServiceRequest>>,
    request: ServiceRequest,
    place: Reservation,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let held = Held::new(place, options.counts);
    match service.call(request).await {
        Ok(mut answer) => {
            let status = answer.status();
            let outcome = match answer.response().error() {
                Some(_) => Outcome::Raised(status.as_u16()),
                None => Outcome::Answered(status.as_u16()),
            };
            let charge = answer.response().extensions().get::<Charge>().copied();
            // A refusal from further inside says itself when to come back.
            if status != StatusCode::TOO_MANY_REQUESTS {
                tell(answer.headers_mut(), &held, options.fields);
            }
            match held.ended(outcome, charge).await {
                Ok(()) => Ok(answer.map_into_left_body()),
                Err(error) => {
                    let (request, _) = answer.into_parts();
                    let request = ServiceRequest::from_request(request);
                    let answer = failed(&request, &error);
                    Ok(answered(request, &answer).map_into_right_body())
                }
            }
        }
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            if let Err(failed) = held.ended(Outcome::Raised(status), None).await {
                tracing::error!(target: "tastyrs::throttle", error = %failed, "a request could not be counted");
            }
            Err(error)
        }
    }
}

fn failed(request: &ServiceRequest, error: &ThrottleError) -> Answer<'static> {
    Answer::failed(request.path(), wants_problem(request), error)
}
