//! Redis, as everybody in the process shares it.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::{Client, Cmd, Value};
use tokio::sync::{Notify, mpsc, oneshot};

use super::answers::Answer;
use super::carrier::Address;
use super::line::{Asked, Lines};
use super::scripts::{self, Question, Reply};
use super::{driver, here};
use crate::errors::{Error, Result};

/// A Redis or a Valkey, or a cluster of them, that throttles and caches of a process ask over one connection;
/// a clone is the same connection.
///
/// The connection is made at the first question and lives on a thread of its own, so it can be
/// made before any runtime runs and serves all of them. Each worker of actix-web, and each runtime in
/// which [`connect_in_this_runtime`](Self::connect_in_this_runtime) was called, has one more for what
/// its throttles ask, which saves the way to that thread and back. When an answer is not there in time, or the
/// connection fails, Redis counts as away: nobody waits for it, nothing is sent but a probe ten
/// times a second at most, and the first probe that is answered in time ends that.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Redis, RedisThrottle};
///
/// # fn main() -> tastyrs_throttle::Result<()> {
/// let redis = Redis::open("redis://127.0.0.1:6379")?;
/// let notes = RedisThrottle::new(redis.clone()).rate("20/5m");
/// let users = RedisThrottle::new(redis).rates(["10/s", "1000/d"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Shared>);

struct Shared {
    target: Target,
    state: Arc<State>,
    /// Where a line leads, if there can be one.
    address: Option<Address>,
    /// The way to the driver, once somebody asked; nothing where there can be none.
    jobs: OnceLock<Option<mpsc::Sender<Job>>>,
}

/// Where Redis is.
#[derive(Clone)]
pub(super) enum Target {
    Single(Client),
    #[cfg(feature = "redis-cluster")]
    Cluster(Box<redis::cluster::ClusterClient>),
}

/// A command on its way.
pub(super) struct Job {
    pub(super) command: Cmd,
    pub(super) deadline: Instant,
    /// Who waits for the answer; dropped, it says that there is none.
    pub(super) reply: Option<oneshot::Sender<Value>>,
    /// What it was made of, if nobody waits for it.
    errand: Option<Errand>,
    /// Whether its answer was lost once.
    pub(super) again: bool,
}

/// What Redis is to be told, made into a command when it is sent.
pub(super) struct Errand {
    make: Box<dyn Fn() -> Cmd + Send>,
    /// Counts it until it is done, or forgotten.
    untold: Arc<AtomicUsize>,
}

/// How many commands wait for the driver, at most.
const QUEUE: usize = 1_024;
/// How much Redis is to be told when it is back, at most.
const OWED: usize = 10_000;
/// For how long an errand may be on its way.
pub(super) const ERRAND: Duration = Duration::from_secs(1);

impl Redis {
    /// Takes the Redis at `url`: `redis://`, `rediss://` where the crate `redis` has a feature for
    /// TLS, `unix://`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where `url` is no address of a Redis. Whether one is there shows at the
    /// first question.
    pub fn open(url: &str) -> Result<Self> {
        Client::open(url)
            .map(|client| Self::of(Target::Single(client)))
            .map_err(|error| no_address(&error))
    }

    /// Takes the cluster to which these nodes belong; some of them are enough. It counts as away
    /// as a whole while one of its masters is.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where there is none, or one is no address of a Redis.
    #[cfg(feature = "redis-cluster")]
    pub fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        redis::cluster::ClusterClient::builder(urls)
            .retries(1)
            .connection_timeout(driver::ATTEMPT)
            .response_timeout(driver::ATTEMPT)
            .build()
            .map(|client| Self::of(Target::Cluster(Box::new(client))))
            .map_err(|error| no_address(&error))
    }

    fn of(target: Target) -> Self {
        let address = match &target {
            Target::Single(client) => Address::of(client),
            #[cfg(feature = "redis-cluster")]
            Target::Cluster(_) => None,
        };
        Self(Arc::new(Shared {
            target,
            address,
            state: Arc::default(),
            jobs: OnceLock::new(),
        }))
    }

    /// Says that the current tokio runtime has I/O and time (`enable_all`), so that throttles which are
    /// asked in it may have a connection there, to any Redis. Without a runtime, nothing happens.
    ///
    /// Workers of actix-web need no such call where a throttle of this crate is a middleware, or stands
    /// in a resource of `tastyrs`. A connection is made at the first question, where the address is
    /// `redis://` or `unix://`. A cluster, and Redis by TLS, are asked over one connection of the process
    /// anyway.
    ///
    /// Whoever asks must not block the only thread of the runtime until they have their answer, as
    /// `block_on` of another executor does.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_throttle::Redis;
    ///
    /// #[tokio::main]
    /// async fn main() {
    ///     Redis::connect_in_this_runtime();
    ///     // axum::serve(...)
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// A runtime that has no I/O, or no time, panics when it is asked for a connection: in a task of its
    /// own, which ends by that.
    pub fn connect_in_this_runtime() {
        here::has_io();
    }

    /// Says how Redis is doing.
    pub fn health(&self) -> RedisHealth {
        let state = &self.0.state;
        RedisHealth {
            is_there: !state.is_away(),
            times_away: state.times_away.load(Ordering::Relaxed),
            fallbacks: state.fallbacks.load(Ordering::Relaxed),
            owed: lock(&state.owed).len(),
            forgotten: state.forgotten.load(Ordering::Relaxed),
            last_failure: lock(&state.last_failure).clone(),
        }
    }

    /// Asks, and waits for the answer until the budget is spent; nothing where there is none.
    ///
    /// It is for what lives in the same process, not for users.
    #[doc(hidden)]
    pub async fn ask(&self, command: Cmd, budget: Duration) -> Option<Value> {
        let answer = self.answer(command, Instant::now() + budget).await;
        self.count(answer)
    }

    /// Asks a script, and waits for its reply until the budget is spent. While the question is on
    /// its way over a line, `asked` knows.
    pub(super) async fn decide(
        &self,
        question: &Question<'_>,
        budget: Duration,
        asked: &mut Option<Asked>,
    ) -> Option<Reply> {
        let state = &self.0.state;
        if state.is_away() {
            return self.count(None);
        }
        let deadline = Instant::now() + budget;
        let mut again = false;
        // Behind what the driver is to tell, the driver is asked.
        if let Some(address) = &self.0.address
            && let Some(line) = state.lines.here(address, state)
            && let Some(on_its_way) = line.ask(question, budget, state.untold())
        {
            let on_its_way = asked.insert(on_its_way);
            let answer = poll_fn(|cx| on_its_way.poll_answer(cx, question.limits)).await;
            *asked = None;
            match answer {
                Answer::Numbers(reply) => return self.count(reply),
                Answer::Error(error) if error.starts_with("NOSCRIPT") => {}
                Answer::Error(error) => {
                    tracing::error!(target: "tastyrs::redis", error, "Redis refuses a command");
                    return self.count(None);
                }
                Answer::Lost => again = true,
                Answer::Nothing => return self.count(None),
            }
        }
        // On the heap, since few go that way, and all would have to have room for it.
        let reply = Box::pin(self.reply(question, again, deadline)).await;
        self.count(reply)
    }

    /// Asks the same of the driver; `again` where it may have been done.
    async fn reply(
        &self,
        question: &Question<'_>,
        again: bool,
        deadline: Instant,
    ) -> Option<Reply> {
        let mut command = question.command();
        if again {
            command = scripts::again(command);
        }
        let numbers = scripts::numbers(&self.answer(command, deadline).await?)?;
        Reply::of(&numbers, question.limits)
    }

    fn count<T>(&self, answer: Option<T>) -> Option<T> {
        if answer.is_none() {
            self.0.state.fallbacks.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    async fn answer(&self, command: Cmd, deadline: Instant) -> Option<Value> {
        if self.0.state.is_away() {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        let job = Job {
            command,
            deadline,
            reply: Some(reply),
            errand: None,
            again: false,
        };
        self.jobs()?.send(job).await.ok()?;
        answer.await.ok()
    }

    /// Tells something that nobody waits for: behind all that was answered before, or, where Redis
    /// is away, when it is back. What is asked later is behind it.
    pub(super) fn tell(&self, make: impl Fn() -> Cmd + Send + 'static) {
        self.tell_errand(self.0.state.errand(make));
    }

    /// Tells the same where a question that was asked over a line is not waited for any more.
    pub(super) fn tell_behind(&self, asked: &Asked, make: impl Fn() -> Cmd + Send + 'static) {
        if let Some(errand) = asked.send_behind(self.0.state.errand(make)) {
            self.tell_errand(errand);
        }
    }

    fn tell_errand(&self, errand: Errand) {
        if !self.0.state.is_away()
            && let Some(jobs) = self.jobs()
            && let Ok(permit) = jobs.try_reserve()
        {
            permit.send(Job::errand(errand));
            return;
        }
        self.0.state.owe(errand);
    }

    pub(super) fn is_away(&self) -> bool {
        self.0.state.is_away()
    }

    /// Says of how many slots a probe must be, so that it is of all that is asked.
    pub(super) fn slots(&self) -> u32 {
        match self.0.target {
            Target::Single(_) => 1,
            #[cfg(feature = "redis-cluster")]
            Target::Cluster(_) => 16,
        }
    }

    /// Decides without Redis, if it is away. It does not come back meanwhile: what is to be told
    /// of the decision is told before anything is asked.
    pub(super) fn while_away<T>(&self, decide: impl FnOnce() -> T) -> Option<T> {
        let state = &self.0.state;
        if !state.is_away() {
            return None;
        }
        let _deciding = state
            .deciding
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if !state.is_away() {
            return None;
        }
        state.fallbacks.fetch_add(1, Ordering::Relaxed);
        Some(decide())
    }

    /// Counts Redis as there only while these are answered, and within so long.
    pub(super) fn probe_by(&self, probes: Vec<Cmd>, budget: Duration) {
        let state = &self.0.state;
        let budget = u64::try_from(budget.as_millis()).unwrap_or(u64::MAX);
        state.patience.fetch_min(budget.max(1), Ordering::Relaxed);
        *lock(&state.probes) = probes;
    }

    fn jobs(&self) -> Option<&mpsc::Sender<Job>> {
        let start = || {
            let (sender, receiver) = mpsc::channel(QUEUE);
            match driver::start(&self.0.target, &self.0.state, receiver) {
                Ok(()) => Some(sender),
                Err(error) => {
                    self.0
                        .state
                        .went_away(&format!("no thread for its connection: {error}"));
                    None
                }
            }
        };
        self.0.jobs.get_or_init(start).as_ref()
    }
}

fn no_address(error: &redis::RedisError) -> Error {
    Error::Setting {
        setting: "url",
        value: format!("no address of a Redis ({error})"),
        expected: "such as redis://127.0.0.1:6379",
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("Redis")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

/// How Redis is doing, for whoever operates the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisHealth {
    /// Whether Redis answers; also before it was first asked.
    pub is_there: bool,
    /// How often it went away since the process began.
    pub times_away: u64,
    /// How many questions were answered without it because it was away or late.
    pub fallbacks: u64,
    /// How many places it is to be told of when it is back.
    pub owed: usize,
    /// How many of them were forgotten because there were more than 10,000.
    pub forgotten: u64,
    /// Why it last went away.
    pub last_failure: Option<String>,
}

/// What the driver and those who ask know of Redis.
pub(super) struct State {
    away: AtomicBool,
    times_away: AtomicU64,
    fallbacks: AtomicU64,
    /// Read while something is decided without Redis, written when it comes back.
    deciding: RwLock<()>,
    /// Within how many milliseconds a probe must be answered.
    patience: AtomicU64,
    probes: Mutex<Vec<Cmd>>,
    owed: Mutex<VecDeque<Errand>>,
    owes: AtomicBool,
    forgotten: AtomicU64,
    /// How many errands there are that Redis may not know of.
    untold: Arc<AtomicUsize>,
    last_failure: Mutex<Option<String>>,
    pub(super) lines: Lines,
    /// Tells the driver that Redis is away, or is owed something.
    nudged: Notify,
}

impl Default for State {
    fn default() -> Self {
        Self {
            away: AtomicBool::new(false),
            times_away: AtomicU64::new(0),
            fallbacks: AtomicU64::new(0),
            deciding: RwLock::new(()),
            patience: AtomicU64::new(100),
            probes: Mutex::default(),
            owed: Mutex::default(),
            owes: AtomicBool::new(false),
            forgotten: AtomicU64::new(0),
            untold: Arc::default(),
            last_failure: Mutex::default(),
            lines: Lines::default(),
            nudged: Notify::new(),
        }
    }
}

impl State {
    pub(super) fn is_away(&self) -> bool {
        self.away.load(Ordering::Acquire)
    }

    /// Notes that Redis is away; said once, until it is back.
    pub(super) fn went_away(&self, error: &str) {
        if self.away.swap(true, Ordering::AcqRel) {
            return;
        }
        self.times_away.fetch_add(1, Ordering::Relaxed);
        *lock(&self.last_failure) = Some(error.to_owned());
        // Before it is written down, which may take its time.
        self.close_lines();
        tracing::warn!(target: "tastyrs::redis", error, "Redis is away, and is left alone until a probe finds it");
    }

    /// Notes that Redis is back, if it was told all that it is to be told, or `at_once`.
    pub(super) fn comes_back(&self, at_once: bool) -> bool {
        let undecided = self
            .deciding
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if self.owes() && !at_once {
            return false;
        }
        let was_away = self.away.swap(false, Ordering::AcqRel);
        drop(undecided);
        if was_away {
            let fallbacks = self.fallbacks.load(Ordering::Relaxed);
            tracing::info!(target: "tastyrs::redis", fallbacks, "Redis is back");
        }
        true
    }

    /// Leaves nobody waiting on a line.
    fn close_lines(&self) {
        for errand in self.lines.close() {
            self.owe(errand);
        }
    }

    /// Has the driver look whether Redis is away, and whether it is owed something.
    pub(super) fn nudge(&self) {
        self.nudged.notify_one();
    }

    pub(super) async fn nudged(&self) {
        self.nudged.notified().await;
    }

    fn errand(&self, make: impl Fn() -> Cmd + Send + 'static) -> Errand {
        self.untold.fetch_add(1, Ordering::AcqRel);
        Errand {
            make: Box::new(make),
            untold: Arc::clone(&self.untold),
        }
    }

    /// How many errands there are of which Redis is to hear before it is asked.
    fn untold(&self) -> usize {
        self.untold.load(Ordering::Acquire)
    }

    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(self.patience.load(Ordering::Relaxed))
    }

    pub(super) fn probes(&self) -> Vec<Cmd> {
        lock(&self.probes).clone()
    }

    /// Whether there is something to tell.
    pub(super) fn owes(&self) -> bool {
        self.owes.load(Ordering::Acquire)
    }

    /// Leaves a command that was not sent: who waits for it learns that there is no answer, and
    /// what nobody waits for is told later.
    pub(super) fn put_off(&self, job: Job) {
        if let Some(errand) = job.errand {
            self.owe(errand);
        }
    }

    pub(super) fn owe(&self, errand: Errand) {
        let mut owed = lock(&self.owed);
        if owed.len() >= OWED {
            owed.pop_front();
            self.forgotten.fetch_add(1, Ordering::Relaxed);
        }
        owed.push_back(errand);
        self.owes.store(true, Ordering::Release);
    }

    /// What is to be told next, if anything is.
    pub(super) fn next_owed(&self) -> Option<Job> {
        let mut owed = lock(&self.owed);
        let errand = owed.pop_front();
        self.owes.store(!owed.is_empty(), Ordering::Release);
        errand.map(Job::errand)
    }
}

impl Job {
    fn errand(errand: Errand) -> Self {
        Self {
            command: errand.command(),
            deadline: Instant::now() + ERRAND,
            reply: None,
            errand: Some(errand),
            again: false,
        }
    }
}

impl Errand {
    pub(super) fn command(&self) -> Cmd {
        (self.make)()
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.untold.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Nobody can ask any more.
        self.state.close_lines();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
