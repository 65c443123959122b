//! What the caches that remember have in common: for how long, for whom, and what others are told.

use std::{borrow::Cow, time::Duration};

use super::ACCEPT;

/// Whom an entry and an answer are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    NotSaid,
    Public,
    Private,
}

/// For how long, for whom, and what others are told.
#[derive(Debug, Clone)]
pub(super) struct Control {
    pub(super) timeout: Duration,
    audience: Audience,
    pub(super) varies: Cow<'static, [Cow<'static, str>]>,
    /// The value of `Cache-Control`.
    pub(super) told: String,
}

impl Control {
    pub(super) fn new() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            audience: Audience::NotSaid,
            varies: Cow::Borrowed(ACCEPT),
            told: String::new(),
        }
        .tell()
    }

    fn tell(mut self) -> Self {
        let seconds = self.timeout.as_secs();
        self.told = match self.audience {
            Audience::NotSaid => format!("max-age={seconds}"),
            Audience::Private => format!("max-age={seconds}, private"),
            Audience::Public => format!("max-age={seconds}, s-maxage={seconds}, public"),
        };
        self
    }

    pub(super) fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }.tell()
    }

    pub(super) fn public(self) -> Self {
        Self {
            audience: Audience::Public,
            ..self
        }
        .tell()
    }

    pub(super) fn private(self) -> Self {
        Self {
            audience: Audience::Private,
            ..self
        }
        .tell()
    }

    pub(super) fn varies<N: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.varies = names.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn is_public(&self) -> bool {
        self.audience == Audience::Public
    }
}

/// The setters and the answers of a cache with a [`Control`], under their names.
macro_rules! controlled {
    ($cache:ty) => {
        impl $cache {
            /// Sets for how long an object is kept, and others are told that they may keep an answer; 60 seconds.
            #[must_use]
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.control = self.control.timeout(timeout);
                self
            }

            /// Says that all callers see the same objects: one entry serves all, and caches on the way may keep answers.
            #[must_use]
            pub fn public(mut self) -> Self {
                self.control = self.control.public();
                self
            }

            /// Says that an answer is for its caller alone: caches on the way must not keep it.
            #[must_use]
            pub fn private(mut self) -> Self {
                self.control = self.control.private();
                self
            }

            /// Sets the names of the headers on which answers depend; `Accept` alone unless said otherwise.
            #[must_use]
            pub fn varies<N: Into<std::borrow::Cow<'static, str>>>(
                mut self,
                names: impl IntoIterator<Item = N>,
            ) -> Self {
                self.control = self.control.varies(names);
                self
            }
        }
    };
    () => {
        fn is_public(&self) -> bool {
            self.control.is_public()
        }

        fn varies(&self) -> &[std::borrow::Cow<'static, str>] {
            &self.control.varies
        }

        fn cache_control(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(std::borrow::Cow::Borrowed(&self.control.told))
        }
    };
}
pub(super) use controlled;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_others_for_how_long_and_for_whom() {
        let minute = Control::new();

        assert_eq!(minute.told, "max-age=60");
        assert_eq!(minute.clone().private().told, "max-age=60, private");
        assert_eq!(
            minute.public().timeout(Duration::from_secs(5)).told,
            "max-age=5, s-maxage=5, public"
        );
    }
}
