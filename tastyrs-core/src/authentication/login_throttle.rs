//! How many failed logins are let through.

use std::{sync::Arc, time::Duration};

use actix_web::http::StatusCode;
use tastyrs_throttle::{
    Access, AccessLog, Admission, AnyThrottle, Binding, CacheThrottle, Refusal, Reservation,
};
use tokio::time::{Instant, timeout_at};

use super::{
    account_key::account_key,
    claim::Claim,
    flights::{Flight, Flights, Waiting},
};
use crate::{
    errors::{Error, Result},
    http::Request,
    meta::method_name,
};

/// How often an address may fail unless said otherwise.
const BY_ADDRESS: &str = "100/5m";

/// How long a login waits for others to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Limits failed logins, by the address from which they come and by the account that they claim.
///
/// Whoever sends a name and a password or key takes a place before either is looked at, and gets it back when they are
/// let in. So guessing meets 429 at its limit, however many guesses come at once, and no more passwords are hashed than
/// there are places. While a limit holds, what is right is refused like what is wrong: nobody learns which it was.
///
/// Unless the API is [`Compatibility::Tastypie`](crate::Compatibility::Tastypie), an address may fail 100 times in five
/// minutes, and nothing is limited by account: that lets whoever knows a name keep its owner out.
///
/// A login that finds the last places taken by others whose end is not known yet waits for them, up to 10 seconds: a
/// crowd that sends what is right is let in, whatever its size.
///
/// Clones count together. A throttle of one's own, or one whose store machines share, stands in for those that count in
/// memory.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{api::Api, authentication::LoginThrottle};
/// use tastyrs_throttle::CacheThrottle;
///
/// let logins = LoginThrottle::new()
///     .by_address(CacheThrottle::new().rate("20/m"))
///     .by_account(CacheThrottle::new().rate("50/h"));
/// let api = Api::new("v1").login_throttle(logins);
/// # assert!(api.build().is_ok());
/// ```
///
/// # Compatibility
///
/// Tastypie has none: it authenticates before it throttles, and wrong keys may be tried without end.
#[derive(Clone, Debug)]
pub struct LoginThrottle {
    by_address: Option<Gate>,
    by_account: Option<Gate>,
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self::new()
    }
}

impl LoginThrottle {
    /// Lets an address fail 100 times in five minutes, and limits no account.
    pub fn new() -> Self {
        Self::none().by_address(CacheThrottle::new().rate(BY_ADDRESS))
    }

    /// Limits nothing.
    pub const fn none() -> Self {
        Self {
            by_address: None,
            by_account: None,
        }
    }

    /// Limits how often an address may fail; it is found and shortened as
    /// [`Api::trusted_proxies`](crate::api::Api::trusted_proxies) and its neighbours say.
    #[must_use]
    pub fn by_address(self, throttle: impl Into<AnyThrottle>) -> Self {
        Self {
            by_address: Some(Gate::new(throttle)),
            ..self
        }
    }

    /// Limits how often somebody may fail to be let in as one account, from wherever they call and whether or not there
    /// is such an account.
    ///
    /// Whoever knows the name can use the limit up, and keep its owner out as long as they go on. Names that some
    /// database might take for one another share a limit: case, accents, Unicode's forms, spaces and what is invisible
    /// make no difference.
    #[must_use]
    pub fn by_account(self, throttle: impl Into<AnyThrottle>) -> Self {
        Self {
            by_account: Some(Gate::new(throttle)),
            ..self
        }
    }

    /// Whether it limits nothing.
    fn is_none(&self) -> bool {
        self.by_address.is_none() && self.by_account.is_none()
    }

    /// Tells its throttles where they are used.
    pub(crate) fn bind(
        &self,
        address: String,
        access_log: Option<&Arc<dyn AccessLog>>,
    ) -> tastyrs_throttle::Result<()> {
        let binding = Binding {
            resource: RESOURCE.to_owned(),
            addresses: vec![address],
            access_log: access_log.cloned(),
        };
        self.throttles()
            .try_for_each(|throttle| throttle.bind(&binding))
    }

    /// The throttles that it is made of.
    pub(crate) fn throttles(&self) -> impl Iterator<Item = &AnyThrottle> {
        let gates = [&self.by_address, &self.by_account].into_iter().flatten();
        gates.map(|gate| &gate.throttle)
    }

    /// The one that holds for a request, where it limits anything: its resource's or its API's.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let own = request.progress().login_throttle.as_ref();
        let throttle = own.unwrap_or_else(|| request.site().login_throttle());
        (!throttle.is_none()).then(|| throttle.clone())
    }

    /// Takes a place with each throttle that the login counts under.
    ///
    /// # Errors
    ///
    /// [`Error::Throttled`] where a limit is reached, and [`Error::Throttle`] where a throttle failed.
    pub(super) async fn attempt(&self, request: &Request, claim: &Claim) -> Result<Attempt> {
        let by_address = self.by_address.as_ref().map(|gate| {
            let client = request.site().clients().key(request.client());
            (gate, format!("login-address:{client}"))
        });
        let by_account = self.by_account.as_ref().zip(claim.account());
        let by_account =
            by_account.map(|(gate, name)| (gate, format!("login-account:{}", account_key(name))));
        let gates = [by_address, by_account];
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (refusal, waiting) = match enter(&gates, request).await? {
                Entered::In(attempt) => return Ok(attempt),
                Entered::Refused { refusal, waiting } => (refusal, waiting),
            };
            let others_ended = match waiting {
                Some(waiting) => timeout_at(deadline, waiting.ended()).await.is_ok(),
                None => false,
            };
            if !others_ended {
                return Err(Error::Throttled(Box::new(refusal)));
            }
        }
    }
}

/// What stands for a resource where a throttle wants to know one.
const RESOURCE: &str = "login";

/// A throttle, and the logins that hold a place of it.
#[derive(Clone, Debug)]
struct Gate {
    throttle: AnyThrottle,
    flights: Arc<Flights>,
}

impl Gate {
    fn new(throttle: impl Into<AnyThrottle>) -> Self {
        Self {
            throttle: throttle.into(),
            flights: Arc::default(),
        }
    }
}

enum Entered {
    In(Attempt),
    Refused {
        refusal: Refusal,
        /// For a login whose end may leave a place, if there is one.
        waiting: Option<Waiting>,
    },
}

/// Takes a place with all gates or with none.
async fn enter(gates: &[Option<(&Gate, String)>; 2], request: &Request) -> Result<Entered> {
    let method = method_name(request.method());
    let address = request.recorded_path();
    let mut places = Vec::with_capacity(2);
    for (gate, key) in gates.iter().flatten() {
        let flight = Flights::enter(&gate.flights, key);
        let access = Access::new(key)
            .resource(RESOURCE)
            .method(&method)
            .url(&address);
        match gate.throttle.reserve(&access).await? {
            Admission::Admitted(reservation) => places.push(Held {
                reservation,
                flight,
            }),
            Admission::Refused(refusal) => {
                drop(places);
                let waiting = flight.refused();
                return Ok(Entered::Refused { refusal, waiting });
            }
        }
    }
    // From here on it counts, also where the caller hangs up.
    for place in &mut places {
        place.reservation.keep();
    }
    Ok(Entered::In(Attempt(places)))
}

/// A place, and that its end is awaited; the place is given up first.
#[derive(Debug)]
struct Held {
    reservation: Reservation,
    flight: Flight,
}

/// A login whose end is not known yet. Dropped, it failed.
#[derive(Debug)]
#[must_use = "an attempt that is dropped counts as failed"]
pub(super) struct Attempt(Vec<Held>);

impl Attempt {
    /// Counts the login where it failed, and gives its places back where it did not.
    ///
    /// # Errors
    ///
    /// [`Error::Throttle`] where a failure could not be written down; it is counted.
    pub(super) async fn ended(self, answer: &Result<()>) -> Result<()> {
        let failed = answer.as_ref().is_err_and(is_refusal);
        for Held {
            reservation,
            flight,
        } in self.0
        {
            if failed {
                reservation.settle().await?;
            } else {
                reservation.release();
            }
            drop(flight);
        }
        Ok(())
    }
}

/// Whether an error says that what was sent is wrong, rather than that it could not be looked at.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Unauthorized { .. } | Error::Forbidden => true,
        Error::Immediate(answer) => {
            [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status())
        }
        _ => false,
    }
}
