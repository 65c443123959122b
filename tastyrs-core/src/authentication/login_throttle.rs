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
    pub(super) fn of(request: &Request) -> Option<&Self> {
        let own = request.progress().login_throttle.as_ref();
        let throttle = own.unwrap_or_else(|| request.site().login_throttle());
        (!throttle.is_none()).then_some(throttle)
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
        let asked = Asked {
            gates: [by_address, by_account],
            method: &method_name(request.method()),
            url: &request.recorded_path(),
        };
        asked.admitted().await
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

/// What is asked of the gates that a login must pass, under which keys.
struct Asked<'a> {
    gates: [Option<(&'a Gate, String)>; 2],
    method: &'a str,
    url: &'a str,
}

enum Entered {
    In(Attempt),
    Refused {
        refusal: Refusal,
        /// For a login whose end may leave a place, if there is one.
        waiting: Option<Waiting>,
    },
}

impl Asked<'_> {
    /// Takes a place with all gates, where need be when others have ended.
    async fn admitted(&self) -> Result<Attempt> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (refusal, waiting) = match self.enter().await? {
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

    /// Takes a place with all gates or with none.
    async fn enter(&self) -> Result<Entered> {
        let mut places = Vec::with_capacity(2);
        for (gate, key) in self.gates.iter().flatten() {
            let flight = Flights::enter(&gate.flights, key);
            let access = Access::new(key)
                .resource(RESOURCE)
                .method(self.method)
                .url(self.url);
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
        // From here on it counts, whatever becomes of it.
        for place in &mut places {
            place.reservation.keep();
        }
        Ok(Entered::In(Attempt(places)))
    }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn gate(throttle_at: u32) -> Gate {
        Gate::new(CacheThrottle::new().throttle_at(throttle_at))
    }

    /// Asks as this address and this account.
    async fn admitted(gates: &[Gate; 2], address: &str, account: &str) -> Result<Attempt> {
        let [by_address, by_account] = gates;
        let asked = Asked {
            gates: [
                Some((by_address, address.to_owned())),
                Some((by_account, account.to_owned())),
            ],
            method: "get",
            url: "/",
        };
        asked.admitted().await
    }

    const WRONG: Result<()> = Err(Error::Unauthorized { challenge: None });

    /// Has 300 log in at once as three accounts from one address, right, wrong, and cut off; says how many failed.
    async fn crowd(gates: &Arc<[Gate; 2]>) -> usize {
        let failed = Arc::new(AtomicUsize::new(0));
        let logins = (0..300).map(|number| {
            let (gates, failed) = (Arc::clone(gates), Arc::clone(&failed));
            tokio::spawn(async move {
                let account = ["ada", "brian", "carl"][number % 3];
                let Ok(attempt) = admitted(&gates, "192.0.2.1", account).await else {
                    return;
                };
                tokio::task::yield_now().await;
                if number % 5 < 2 {
                    return attempt.ended(&Ok(())).await.unwrap();
                }
                failed.fetch_add(1, Ordering::SeqCst);
                if number % 5 > 2 {
                    attempt.ended(&WRONG).await.unwrap();
                }
            })
        });
        for login in logins.collect::<Vec<_>>() {
            login.await.unwrap();
        }
        failed.load(Ordering::SeqCst)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_a_crowd_exactly_as_many_fail_as_the_limit_says() {
        for run in 0..20 {
            let gates = Arc::new([gate(10), gate(7)]);

            assert_eq!(crowd(&gates).await, 10, "run {run}");

            assert!(gates.iter().all(|gate| gate.flights.len() == 0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_crowd_nobody_waits_until_their_patience_ends() {
        let began = Instant::now();

        assert_eq!(crowd(&Arc::new([gate(10), gate(7)])).await, 10);
        assert_eq!(crowd(&Arc::new([gate(300), gate(1)])).await, 3);

        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_refusal_by_one_gate_leaves_the_place_of_the_other() {
        let gates = [gate(2), gate(1)];
        let first = admitted(&gates, "192.0.2.1", "ada").await.unwrap();
        first.ended(&WRONG).await.unwrap();

        for _ in 0..5 {
            let refused = admitted(&gates, "192.0.2.1", "ada").await;
            assert!(matches!(refused, Err(Error::Throttled(_))));
        }

        assert!(admitted(&gates, "192.0.2.1", "brian").await.is_ok());
        assert!(admitted(&gates, "192.0.2.1", "carl").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let gates = [gate(1), gate(1)];
        let held = admitted(&gates, "192.0.2.1", "ada").await.unwrap();

        let waited = Instant::now();
        let refused = admitted(&gates, "192.0.2.1", "brian").await;

        assert!(matches!(refused, Err(Error::Throttled(_))));
        assert_eq!(waited.elapsed(), PATIENCE);
        held.ended(&Ok(())).await.unwrap();
        assert!(admitted(&gates, "192.0.2.1", "brian").await.is_ok());
    }

    #[test]
    fn what_could_not_be_looked_at_is_no_refusal() {
        let answered = |status| crate::dispatch::immediate(status, &[], String::new());

        assert!(is_refusal(&Error::Forbidden));
        assert!(is_refusal(&answered(StatusCode::UNAUTHORIZED)));
        assert!(!is_refusal(&answered(StatusCode::SERVICE_UNAVAILABLE)));
        assert!(!is_refusal(&Error::Busy));
        assert!(!is_refusal(&Error::NotFound));
    }
}
