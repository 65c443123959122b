//! The thread that holds the connection.
//!
//! It has a runtime of its own, so the connection outlives every worker that asks over it. It
//! sends what comes in at once and answers in any order; the first answer that is late, and the
//! first failure that is not the command's own, ends the connection. Then it tries for a new one.

use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
};
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, sleep_until, timeout, timeout_at};

use super::connection::{Job, State, Target};
use super::scripts;

/// For how long one try for a connection lasts, its probes included.
pub(super) const ATTEMPT: Duration = Duration::from_millis(500);
/// How long the driver rests between tries: so long at first, then twice as long each time.
const REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_millis(200);
/// A connection that was lost sooner is no reason to try at once.
const STABLE: Duration = Duration::from_secs(1);
/// How many commands are on their way at once, at most.
const IN_FLIGHT: usize = 4_096;
/// How many of them may be what Redis is owed.
const OWED_AT_ONCE: usize = 256;
/// How many commands are on their way, at most, when one more of those is sent while others ask: so
/// nobody waits behind many of them.
const OWED_BETWEEN: usize = 16;
/// For how long a Redis that is back is told what it is owed before it is asked again.
const TELLING: Duration = Duration::from_millis(300);

/// Starts the thread. It ends when nobody can ask any more.
pub(super) fn start(target: &Target, state: &Arc<State>, jobs: Receiver<Job>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut driver = Driver {
        target: target.clone(),
        state: Arc::clone(state),
        jobs,
        waiting: VecDeque::new(),
    };
    std::thread::Builder::new()
        .name("tastyrs-redis".to_owned())
        .spawn(move || runtime.block_on(driver.run()))
        .map(drop)
}

struct Driver {
    target: Target,
    state: Arc<State>,
    jobs: Receiver<Job>,
    /// What came in while there was no connection, and may still be answered in time.
    waiting: VecDeque<Job>,
}

/// Nobody asks any more.
struct Ended;

impl Driver {
    async fn run(&mut self) {
        let mut rest = REST;
        loop {
            let Ok(connection) = self.connect(&mut rest).await else {
                return;
            };
            let since = Instant::now();
            match self.serve(connection).await {
                Ok(Ended) => return,
                Err(error) => {
                    let was_stable = since.elapsed() >= STABLE;
                    match error {
                        Failure::Lost(error) if !was_stable => self.leave(&error.to_string()),
                        Failure::Lost(_) | Failure::Late => {}
                    }
                    rest = if was_stable {
                        REST
                    } else {
                        (rest * 2).min(LONGEST_REST)
                    };
                }
            }
            if self.state.is_away() && self.pause(rest).await.is_err() {
                return;
            }
        }
    }

    /// Counts Redis as away, and leaves nobody waiting.
    fn leave(&mut self, error: &str) {
        self.state.went_away(error);
        for job in self.waiting.drain(..) {
            self.state.put_off(job);
        }
    }

    /// Tries until there is a connection on which Redis answers in time.
    async fn connect(&mut self, rest: &mut Duration) -> Result<Connection, Ended> {
        loop {
            let error = match self.attempt().await? {
                Ok(connection) => match self.tell_what_is_owed(&connection).await? {
                    None => return Ok(connection),
                    Some(error) => error,
                },
                Err(error) => error,
            };
            self.leave(&error);
            self.pause(*rest).await?;
            *rest = (*rest * 2).min(LONGEST_REST);
        }
    }

    /// Tells a Redis that was away what happened meanwhile, before it is asked anything, if that
    /// does not take too long. What goes wrong is returned.
    async fn tell_what_is_owed(
        &mut self,
        connection: &Connection,
    ) -> Result<Option<String>, Ended> {
        let until = Instant::now() + TELLING;
        let mut in_flight = FuturesUnordered::new();
        loop {
            let at_once = !self.state.is_away() || Instant::now() >= until;
            while !at_once
                && in_flight.len() < OWED_AT_ONCE
                && let Some(job) = self.state.next_owed()
            {
                in_flight.push(send(connection.clone(), job));
            }
            if in_flight.is_empty() {
                if self.state.comes_back(at_once) {
                    return Ok(None);
                }
                continue;
            }
            tokio::select! {
                Some(sent) = in_flight.next() => match sent {
                    Sent::Answered => {}
                    Sent::Late => return Ok(Some("no answer within the budget".to_owned())),
                    Sent::Lost(job, error) => {
                        self.state.put_off(job);
                        return Ok(Some(error.to_string()));
                    }
                },
                job = self.jobs.recv() => {
                    self.state.put_off(job.ok_or(Ended)?);
                }
            }
        }
    }

    /// Tries once, and gathers meanwhile what comes in. Who waits longer than they can is told so.
    async fn attempt(&mut self) -> Result<Result<Connection, String>, Ended> {
        let (target, state) = (self.target.clone(), Arc::clone(&self.state));
        let mut attempt = pin!(timeout(ATTEMPT, Connection::open(&target, &state)));
        let mut deadline = self.waiting.iter().map(|job| job.deadline).min();
        loop {
            tokio::select! {
                attempt = &mut attempt => return Ok(match attempt {
                    Ok(Ok(connection)) => Ok(connection),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err(format!("no answer within {ATTEMPT:?}")),
                }),
                job = self.jobs.recv() => match job {
                    None => return Err(Ended),
                    Some(job) if self.state.is_away() => self.state.put_off(job),
                    Some(job) => {
                        let earlier = deadline.is_none_or(|deadline| job.deadline < deadline);
                        deadline = if earlier { Some(job.deadline) } else { deadline };
                        self.waiting.push_back(job);
                    }
                },
                () = until(deadline) => {
                    self.leave("no connection within the budget");
                    deadline = None;
                }
            }
        }
    }

    /// Rests, while what comes in is told that Redis is away.
    async fn pause(&mut self, rest: Duration) -> Result<(), Ended> {
        let mut rest = pin!(sleep(rest));
        loop {
            tokio::select! {
                () = &mut rest => return Ok(()),
                job = self.jobs.recv() => self.state.put_off(job.ok_or(Ended)?),
            }
        }
    }

    /// Sends what comes in, until the connection fails or nobody asks any more.
    async fn serve(&mut self, connection: Connection) -> Result<Ended, Failure> {
        let mut in_flight = FuturesUnordered::new();
        in_flight.extend(
            self.waiting
                .drain(..)
                .map(|job| send(connection.clone(), job)),
        );
        let (mut is_open, state) = (true, Arc::clone(&self.state));
        loop {
            if self.state.owes() {
                while in_flight.len() < OWED_BETWEEN
                    && let Some(job) = self.state.next_owed()
                {
                    in_flight.push(send(connection.clone(), job));
                }
            }
            if !is_open && in_flight.is_empty() {
                return Ok(Ended);
            }
            tokio::select! {
                Some(sent) = in_flight.next() => match sent {
                    Sent::Answered => {}
                    Sent::Late => {
                        // Before the others learn that they have no answer.
                        self.leave("no answer within the budget");
                        return Err(Failure::Late);
                    }
                    Sent::Lost(job, error) => {
                        self.gather(job);
                        // The others fail with it, and at once.
                        let others = async {
                            while let Some(sent) = in_flight.next().await {
                                if let Sent::Lost(job, _) = sent {
                                    self.gather(job);
                                }
                            }
                        };
                        let _ = timeout(REST, others).await;
                        return Err(Failure::Lost(error));
                    }
                },
                () = state.nudged() => {
                    if state.is_away() {
                        // Somebody else waited too long.
                        self.leave("no answer within the budget");
                        return Err(Failure::Late);
                    }
                }
                job = self.jobs.recv(), if is_open && in_flight.len() < IN_FLIGHT => match job {
                    Some(job) => in_flight.push(send(connection.clone(), job)),
                    None => is_open = false,
                },
            }
        }
    }

    /// Has a command whose answer was lost sent again, once.
    fn gather(&mut self, mut job: Job) {
        if !job.again {
            job.again = true;
            job.command = scripts::again(job.command);
            self.waiting.push_back(job);
        }
    }
}

/// Waits for a moment, or forever where there is none.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Why a connection is given up.
enum Failure {
    Late,
    Lost(RedisError),
}

/// What became of a command.
enum Sent {
    Answered,
    Late,
    Lost(Job, RedisError),
}

async fn send(mut connection: Connection, mut job: Job) -> Sent {
    if Instant::now() >= job.deadline {
        return Sent::Late;
    }
    let deadline = job.deadline.into();
    let answer = async {
        let answer = connection.ask(&job.command).await;
        match answer {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                match scripts::in_full(&job.command) {
                    Some(command) => connection.ask(&command).await,
                    None => Err(error),
                }
            }
            answer => answer,
        }
    };
    match timeout_at(deadline, answer).await {
        Err(_) => Sent::Late,
        Ok(Ok(value)) => {
            if let Some(reply) = job.reply.take() {
                // Who hung up wants no answer.
                let _ = reply.send(value);
            }
            Sent::Answered
        }
        Ok(Err(error)) if is_its_own(&error) => {
            tracing::error!(target: "tastyrs::redis", %error, "Redis refuses a command");
            Sent::Answered
        }
        Ok(Err(error)) => Sent::Lost(job, error),
    }
}

/// Whether another command may well be answered.
fn is_its_own(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
}

/// A connection to one Redis or to a cluster.
#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    #[cfg(feature = "redis-cluster")]
    Cluster(redis::cluster_async::ClusterConnection),
}

impl Connection {
    /// Connects, and asks what the state wants asked until all of it is answered in time.
    async fn open(target: &Target, state: &State) -> RedisResult<Self> {
        let connection = match target {
            Target::Single(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(ATTEMPT))
                    .set_response_timeout(None)
                    .set_pipeline_buffer_size(IN_FLIGHT);
                let client = client.get_multiplexed_async_connection_with_config(&config);
                Self::Single(client.await?)
            }
            #[cfg(feature = "redis-cluster")]
            Target::Cluster(client) => Self::Cluster(client.get_async_connection().await?),
        };
        let mut probes = state.probes();
        if probes.is_empty() {
            probes.push(redis::cmd("PING"));
        }
        loop {
            let asked = Instant::now();
            try_join_all(probes.iter().map(|probe| {
                let mut connection = connection.clone();
                async move { connection.ask(probe).await }
            }))
            .await?;
            if asked.elapsed() <= state.patience() {
                return Ok(connection);
            }
            sleep(REST).await;
        }
    }

    async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        let value = match self {
            Self::Single(connection) => connection.send_packed_command(command).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(connection) => {
                use redis::aio::ConnectionLike as _;
                connection.req_packed_command(command).await
            }
        };
        value?.extract_error()
    }
}
