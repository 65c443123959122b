//! Which requests count.

/// Which of the requests that were let through count against their limit.
///
/// A request holds its place while it is under way, whatever counts; one that turns out not to
/// count gives it back when it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counts {
    /// All of them.
    #[default]
    All,
    /// Those that were answered; not those that ended in an error which was raised, such as a
    /// 404 for an object that is not there. Tastypie's way.
    Answered,
    /// Those that failed: what ended in a status of 400 or more, and what nobody waited for.
    Failures,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With an answer of this status.
    Answered(u16),
    /// With an error that became an answer of this status.
    Raised(u16),
    /// Its caller hung up.
    Dropped,
}

impl Counts {
    /// Says whether a request that ended so counts.
    pub fn has(self, outcome: Outcome) -> bool {
        match self {
            Self::All => true,
            Self::Answered => !matches!(outcome, Outcome::Raised(_)),
            Self::Failures => match outcome {
                Outcome::Answered(status) | Outcome::Raised(status) => status >= 400,
                Outcome::Dropped => true,
            },
        }
    }
}
