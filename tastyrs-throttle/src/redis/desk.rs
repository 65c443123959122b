//! What the requests and the places of a throttle share: whom it asks and what it knows.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::Cmd;

use super::connection::Redis;
use super::key::{key, known_as};
use super::line::Asked as OnItsWay;
use super::place::{SharedPlace, Taken};
use super::refusals::Refusals;
use super::scripts::{self, At, Id, Memory, Question, Reply, What};
use super::throttle::OnStoreFailure;
use crate::access::Access;
use crate::clock::Clock;
use crate::counter::Counter;
use crate::errors::{Error, Result};
use crate::identifier::Key;
use crate::metrics::{self, Stopwatch};
use crate::quota::Refusal;
use crate::rate::{Limit, Rate, Rates};
use crate::reservation::{Kind, Ticket};
use crate::settings::Limits;
use crate::store::{Place, never, now};
use crate::throttle::Admission;
use crate::verdict::{RetryAfter, Verdict};

/// A throttle whose settings were found good.
pub(super) struct Desk {
    pub(super) redis: Redis,
    /// What this process admitted, and what decides while Redis is away.
    pub(super) counter: Counter,
    pub(super) limits: Limits,
    /// The clock of this process.
    pub(super) clock: Clock,
    /// Whether that clock is told to Redis, too.
    pub(super) tells_time: bool,
    pub(super) prefix: String,
    pub(super) scope: Scope,
    pub(super) budget: Duration,
    pub(super) on_store_failure: OnStoreFailure,
    pub(super) refusals: Arc<Refusals>,
}

/// For whom a throttle counts.
pub(super) enum Scope {
    /// For all throttles of this name.
    Named(String),
    /// For each resource by itself, and apart from throttles of other rates.
    Resource {
        /// The rates, as the scope names them.
        rates: String,
    },
}

impl Scope {
    pub(super) fn of(name: Option<&str>, limits: &[Limit]) -> Self {
        if let Some(name) = name {
            return Self::Named(format!("={name}"));
        }
        let rates: Vec<String> = limits
            .iter()
            .map(|limit| {
                let timeframe = Duration::from_nanos(limit.timeframe);
                Rate::new(limit.throttle_at, timeframe).to_string()
            })
            .collect();
        Self::Resource {
            rates: rates.join(","),
        }
    }
}

/// Who calls, as Redis and this process know them.
#[derive(Clone)]
pub(super) struct Caller {
    key: Box<str>,
    hashed: Key,
}

/// What one request is about.
struct Case<'a> {
    access: &'a Access<'a>,
    caller: Caller,
    rates: Rates,
}

impl Desk {
    pub(super) async fn reserve(self: &Arc<Self>, access: &Access<'_>) -> Result<Admission> {
        let case = self.case(access);
        if let Some(refusal) = self.known(&case) {
            return Ok(Admission::Refused(refusal));
        }
        if access.cost == 0 && !access.quotas {
            // There is nothing to ask. Should it turn out to cost something, Redis is told then.
            return Ok(self.admitted_here(&case.caller, 0));
        }
        if let Some(decided) = self.redis.while_away(|| self.fall_back(&case)) {
            return decided;
        }

        let id = next_id();
        let freed = self.refusals.freed(case.caller.hashed);
        let mut asked = Asked {
            desk: self,
            caller: &case.caller,
            id,
            cost: access.cost,
            on_its_way: None,
            is_answered: false,
        };
        let question = self.question(&case, &id, What::Take);
        let reply = self.ask(&question, &mut asked.on_its_way).await;
        asked.is_answered = reply.is_some();
        drop(asked);

        let Some(reply) = reply else {
            return self.fall_back(&case);
        };
        if let Some(wait) = reply.wait {
            let refusal = self.refused(&case, wait, reply, freed);
            return Ok(Admission::Refused(refusal));
        }
        // A dearer request that was refused has to wait longer now.
        self.free(&case.caller);
        let (terms, now) = (self.limits.with(Some(&case.rates)), now(&self.clock));
        let store = self.counter.store();
        let local = store.take(case.caller.hashed, now, &terms, access.cost);
        let taken = Taken::There(reply.at);
        let place = SharedPlace::new(self, case.caller, id, taken, access.cost, local);
        let ticket = Ticket::of(Kind::Shared(Box::new(place)));
        Ok(Admission::Admitted(ticket.quotas(reply.quotas)))
    }

    pub(super) async fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        let case = self.case(access);
        if let Some(refusal) = self.known(&case) {
            return Ok(Verdict::Throttled(refusal.retry_after));
        }
        if access.cost == 0 {
            return Ok(Verdict::Allowed);
        }
        let freed = self.refusals.freed(case.caller.hashed);
        let question = self.question(&case, &[0; 16], What::Look);
        let reply = self.ask(&question, &mut None).await;
        match (reply, self.on_store_failure) {
            (Some(reply), _) => Ok(match reply.wait {
                Some(wait) => {
                    Verdict::Throttled(self.refused(&case, wait, reply, freed).retry_after)
                }
                None => Verdict::Allowed,
            }),
            (None, OnStoreFailure::Local) => {
                let counter = &self.counter;
                counter.should_be_throttled_as(case.caller.hashed, access)
            }
            (None, OnStoreFailure::Pass) => Ok(Verdict::Allowed),
            (None, OnStoreFailure::Refuse) => Err(Error::StoreAway),
        }
    }

    pub(super) async fn accessed(self: &Arc<Self>, access: &Access<'_>) -> Result<()> {
        let case = self.case(access);
        self.counter.accessed_as(case.caller.hashed, access)?;
        if access.cost == 0 {
            return Ok(());
        }
        let (id, taken) = (next_id(), Taken::Here(now(&self.clock)));
        if !self.redis.is_away() {
            let at = At::Ago(Duration::ZERO);
            let question = self.question(&case, &id, What::Add { at, first: 0 });
            let reply = self.ask(&question, &mut None).await;
            self.free(&case.caller);
            if reply.is_some() {
                return Ok(());
            }
        }
        if self.on_store_failure == OnStoreFailure::Refuse {
            return Err(Error::StoreAway);
        }
        self.add(&case.caller, id, taken, 0, access.cost);
        Ok(())
    }

    /// Tells Redis that places of `id` were given back: those with these numbers.
    pub(super) fn give_back(&self, caller: &Caller, id: Id, from: u32, to: u32) {
        let key = caller.key.clone();
        self.redis
            .tell(move || scripts::give_back(&key, &id, from, to));
        self.free(caller);
    }

    /// Notes that places were given back or taken otherwise: what is known of refusals is old.
    pub(super) fn free(&self, caller: &Caller) {
        self.refusals.free(caller.hashed);
    }

    /// Tells Redis of places that count, whether there is room for them or not.
    pub(super) fn add(
        self: &Arc<Self>,
        caller: &Caller,
        id: Id,
        taken: Taken,
        first: u32,
        cost: u32,
    ) {
        let memory = self.memory();
        // More than are remembered would only push out one another.
        let cost = cost.min(memory.ring);
        if cost == 0 {
            return;
        }
        let (desk, key) = (Arc::clone(self), caller.key.clone());
        // A refusal that is known may last longer now.
        self.free(caller);
        self.redis.tell(move || {
            let at = taken.at(now(&desk.clock));
            Question {
                key: &key,
                now: desk.time(),
                id: &id,
                what: What::Add { at, first },
                cost,
                memory,
                told: false,
                limits: &[],
            }
            .command()
        });
    }

    /// What a Redis that does its work answers, and has the scripts then.
    pub(super) fn probes(&self) -> Vec<Cmd> {
        (0..self.redis.slots())
            .flat_map(|number| {
                let key = key(&self.prefix, &["probe"], &number.to_string());
                let id = [0; 16];
                let question = Question {
                    key: &key,
                    now: None,
                    id: &id,
                    what: What::Take,
                    cost: 1,
                    memory: Memory {
                        ttl: 1_000,
                        longest: 1_000_000,
                        ring: 1,
                        shared: false,
                    },
                    told: false,
                    limits: &[],
                };
                [question.command(), scripts::give_back(&key, &id, 0, 1)]
            })
            .filter_map(|command| scripts::in_full(&command))
            .collect()
    }

    fn case<'a>(&self, access: &'a Access<'a>) -> Case<'a> {
        let rates = self.counter.own(access);
        Case {
            access,
            caller: self.caller(access),
            rates: rates.unwrap_or_else(|| self.limits.rates.clone()),
        }
    }

    fn caller(&self, access: &Access<'_>) -> Caller {
        let (named, by_rates);
        let scope = match &self.scope {
            Scope::Named(name) => {
                named = [name.as_str()];
                &named[..]
            }
            Scope::Resource { rates } => {
                by_rates = [rates.as_str(), "@", access.resource];
                &by_rates[..]
            }
        };
        let key = key(&self.prefix, scope, access.identifier);
        Caller {
            hashed: known_as(&key),
            key,
        }
    }

    /// The refusal that needs no asking.
    fn known(&self, case: &Case<'_>) -> Option<Refusal> {
        let terms = self.limits.with(Some(&case.rates));
        if never(&terms, case.access.cost).is_err() {
            return Some(RetryAfter::Unknown.into());
        }
        let now = now(&self.clock);
        self.refusals
            .of(case.caller.hashed, case.access, &case.rates, now)
    }

    /// Remembers a refusal.
    fn refused(&self, case: &Case<'_>, wait: Duration, reply: Reply, freed: u64) -> Refusal {
        self.refusals.remember(
            case.caller.hashed,
            case.access,
            &case.rates,
            wait,
            &reply.quotas,
            self.limits.expiration,
            now(&self.clock),
            freed,
        );
        Refusal::from(RetryAfter::After(wait)).quotas(reply.quotas)
    }

    fn question<'a>(&self, case: &'a Case<'_>, id: &'a Id, what: What) -> Question<'a> {
        Question {
            key: &case.caller.key,
            now: self.time(),
            id,
            what,
            cost: case.access.cost,
            memory: self.memory(),
            told: case.access.quotas,
            limits: case.rates.limits(),
        }
    }

    async fn ask(
        &self,
        question: &Question<'_>,
        on_its_way: &mut Option<OnItsWay>,
    ) -> Option<Reply> {
        let stopwatch = Stopwatch::start("redis");
        let reply = self.redis.decide(question, self.budget, on_its_way).await?;
        stopwatch.stop();
        Some(reply)
    }

    /// What Redis is told the time is, in microseconds, where it is not to tell it.
    fn time(&self) -> Option<u64> {
        self.tells_time.then(|| now(&self.clock) / 1_000)
    }

    fn memory(&self) -> Memory {
        let longest = self.counter.store().longest();
        let ttl = self.limits.expiration.min(longest).div_ceil(1_000_000);
        Memory {
            // A clock that stands still does not stop the one by which Redis forgets.
            ttl: if self.tells_time {
                ttl.max(60_000)
            } else {
                ttl
            },
            longest,
            ring: self.counter.store().ring(),
            shared: matches!(self.scope, Scope::Named(_)),
        }
    }

    fn admitted_here(self: &Arc<Self>, caller: &Caller, cost: u32) -> Admission {
        Admission::Admitted(Ticket::of(self.place_here(caller, cost, None)))
    }

    /// Places of which Redis is told when it is back.
    fn place_here(self: &Arc<Self>, caller: &Caller, cost: u32, local: Option<Place>) -> Kind {
        let (id, taken) = (next_id(), Taken::Here(now(&self.clock)));
        self.add(caller, id, taken, 0, cost);
        let place = SharedPlace::new(self, caller.clone(), id, taken, cost, local);
        Kind::Shared(Box::new(place))
    }

    /// Decides without Redis.
    fn fall_back(self: &Arc<Self>, case: &Case<'_>) -> Result<Admission> {
        let cost = case.access.cost;
        let how = match self.on_store_failure {
            OnStoreFailure::Refuse => "refuse",
            OnStoreFailure::Pass => "pass",
            OnStoreFailure::Local => "local",
        };
        metrics::fell_back(case.access.resource, how);
        match self.on_store_failure {
            OnStoreFailure::Refuse => Err(Error::StoreAway),
            OnStoreFailure::Pass => Ok(self.admitted_here(&case.caller, cost)),
            OnStoreFailure::Local => {
                let counter = &self.counter;
                counter.reserve_as(case.caller.hashed, case.access, |local| {
                    self.place_here(&case.caller, cost, Some(local))
                })
            }
        }
    }
}

/// A question on its way. When its answer is not waited for, or does not come, what it may have
/// taken is given back.
struct Asked<'a> {
    desk: &'a Desk,
    caller: &'a Caller,
    id: Id,
    cost: u32,
    on_its_way: Option<OnItsWay>,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let (key, id, cost) = (self.caller.key.clone(), self.id, self.cost);
        let give_back = move || scripts::give_back(&key, &id, 0, cost);
        match &self.on_its_way {
            Some(asked) => self.desk.redis.tell_behind(asked, give_back),
            None => self.desk.redis.tell(give_back),
        }
        self.desk.free(self.caller);
    }
}

/// A name for a request's places that no other request has, in whatever process.
fn next_id() -> Id {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&PROCESS.to_be_bytes());
    id[8..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    id
}
