//! What the throttles decided, as it is shown.

use std::collections::HashMap;

use serde::Serialize;
use tastyrs_throttle::{Access, AnyThrottle, Decisions, RetryAfter, Verdict, Watch, Watched};

use crate::api::entry::Entry;

/// How many identifiers of each kind are shown.
const SHOWN: usize = 20;
/// The longest identifier that a watch keeps whole, in bytes.
const WHOLE: usize = 250;

/// A throttle, and what it decided.
#[derive(Debug, Serialize)]
pub(super) struct Standing {
    pub(super) resource: String,
    /// As in `10/s, 1000/h`; nothing for a throttle that does not say.
    pub(super) limits: Option<String>,
    /// How many identifiers it holds.
    pub(super) keys: Option<usize>,
    pub(super) watched_for_secs: u64,
    pub(super) total: Figures,
    pub(super) lately: Figures,
    pub(super) busiest: Vec<Caller>,
    pub(super) refused: Vec<Caller>,
}

/// Decisions by what they were.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) allowed: u64,
    pub(super) refused: u64,
    pub(super) would_refuse: u64,
    pub(super) failed: u64,
}

impl From<Decisions> for Figures {
    fn from(decisions: Decisions) -> Self {
        Self {
            allowed: decisions.allowed,
            refused: decisions.refused,
            would_refuse: decisions.would_refuse,
            failed: decisions.failed,
        }
    }
}

/// An identifier, and how it stands.
#[derive(Debug, Serialize)]
pub(super) struct Caller {
    pub(super) identifier: String,
    pub(super) admitted: u64,
    pub(super) refused: u64,
    pub(super) admitted_lately: u64,
    pub(super) refused_lately: u64,
    /// How many calls at most are in neither figure.
    pub(super) missed: u64,
    pub(super) last_seen_secs_ago: u64,
    pub(super) now: Now,
}

/// What would become of a request that came now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub(super) enum Now {
    /// It would pass.
    Free,
    /// It would be turned away.
    Limited {
        /// For so many seconds, or until a date, where that is known.
        retry_after: Option<String>,
    },
    /// The throttle cannot say.
    Unknown,
}

impl Standing {
    /// Of each resource that is watched, by name.
    pub(super) async fn of_all(entries: &[Entry]) -> Vec<Self> {
        let mut standings = Vec::new();
        for entry in entries {
            if let Some((throttle, watch)) = &entry.watch {
                standings.push(Self::of(&entry.name, throttle, watch).await);
            }
        }
        standings.sort_by(|one, other| one.resource.cmp(&other.resource));
        standings
    }

    async fn of(resource: &str, throttle: &AnyThrottle, watch: &Watch) -> Self {
        let report = watch.report(SHOWN);
        let mut asked = HashMap::new();
        let mut callers = |watched: Vec<Watched>| {
            watched
                .into_iter()
                .map(|watched| {
                    asked.insert(watched.identifier.clone(), Now::Unknown);
                    Caller::from(watched)
                })
                .collect::<Vec<_>>()
        };
        let (mut busiest, mut refused) = (callers(report.busiest), callers(report.refused));
        for (identifier, now) in &mut asked {
            *now = standing(resource, throttle, identifier).await;
        }
        for caller in busiest.iter_mut().chain(&mut refused) {
            if let Some(now) = asked.get(&caller.identifier) {
                caller.now.clone_from(now);
            }
        }
        Self {
            resource: resource.to_owned(),
            limits: throttle.describe(),
            keys: throttle.keys(),
            watched_for_secs: report.watched_for.as_secs(),
            total: report.total.into(),
            lately: report.lately.into(),
            busiest,
            refused,
        }
    }
}

impl From<Watched> for Caller {
    fn from(watched: Watched) -> Self {
        Self {
            admitted: watched.admitted,
            refused: watched.refused,
            admitted_lately: watched.admitted_lately,
            refused_lately: watched.refused_lately,
            missed: watched.missed,
            last_seen_secs_ago: watched.last_seen.as_secs(),
            identifier: watched.identifier,
            now: Now::Unknown,
        }
    }
}

/// What the throttle would say to this identifier; of one that was cut nobody knows.
async fn standing(resource: &str, throttle: &AnyThrottle, identifier: &str) -> Now {
    if identifier.len() > WHOLE {
        return Now::Unknown;
    }
    let access = Access::new(identifier).resource(resource).method("get");
    match throttle.should_be_throttled(&access).await {
        Ok(Verdict::Allowed) => Now::Free,
        Ok(Verdict::Throttled(retry_after)) => Now::Limited {
            retry_after: RetryAfter::header_value(&retry_after),
        },
        Err(_) => Now::Unknown,
    }
}
