//! What the header fields of an answer say about limits.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use crate::quota::{Quota, Refusal, Unit};
use crate::verdict::{RetryAfter, whole_secs};

/// Which fields tell a client where it stands.
///
/// `RateLimit` and `RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers-11 and
/// follow it when it changes; `X-RateLimit-*` are what many clients knew before. `Retry-After` is
/// none of them: a refusal has it in any case.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{
///     Access, Admission, AnyThrottle, CacheThrottle, Clock, Fields, Rate, Result,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let burst: Rate = "10/s".parse()?;
/// let throttle = CacheThrottle::new().rates([burst.named("burst"), "1000/h".parse()?]);
/// let throttle = AnyThrottle::new(throttle.clock(Clock::manual()));
/// let call = Access::new("daniel").quotas();
///
/// let Admission::Admitted(place) = throttle.reserve(&call).await? else {
///     panic!("the first call passes")
/// };
/// let fields = Fields::RateLimit.admitted(&place.quotas());
///
/// assert_eq!(fields[0].0, "ratelimit-policy");
/// assert_eq!(fields[0].1, r#""burst";q=10;w=1, "1000/h";q=1000;w=3600"#);
/// assert_eq!(fields[1].0, "ratelimit");
/// assert_eq!(fields[1].1, r#""burst";r=9;t=1, "1000/h";r=999;t=3600"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fields {
    /// `RateLimit` and `RateLimit-Policy`, an item for each rate.
    #[default]
    RateLimit,
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`, which is in seconds
    /// from now: of several rates the one with the least left.
    XRateLimit,
    /// All five.
    Both,
    /// None of them.
    None,
}

/// A header field: its name in lower case, and its value.
pub type Field = (&'static str, Cow<'static, str>);

impl Fields {
    /// Says whether there is anything to write, so whether an [`Access`](crate::Access) should
    /// ask for [`quotas`](crate::Access::quotas).
    pub fn any(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Writes the fields of an answer to a request that was let through.
    pub fn admitted(self, quotas: &[&Quota]) -> Vec<Field> {
        let mut fields = Vec::with_capacity(2);
        let mut put = |name: Name, text: Text<'_>| fields.push((name.text(), text.into()));
        self.put_admitted(quotas.iter().copied(), &mut put);
        fields
    }

    /// Hands each field of an answer to a request that was let through to `put`.
    pub(crate) fn put_admitted<'a>(
        self,
        quotas: impl Iterator<Item = &'a Quota> + Clone,
        put: &mut Put<'_>,
    ) {
        self.write(quotas, |_| true, u64::MAX, put);
    }

    /// Says whether the older fields are among these, which know one limit alone.
    pub(crate) fn has_older(self) -> bool {
        matches!(self, Self::XRateLimit | Self::Both)
    }

    /// Writes the fields of a 429: `Retry-After` where the wait is known, `Cache-Control:
    /// no-store`, and those of the enum.
    ///
    /// `RateLimit` then names only the rates that the request met, and none of them ends later
    /// than `Retry-After`. Both are rounded up to whole seconds, at least 1.
    pub fn refused(self, refusal: &Refusal) -> Vec<Field> {
        let mut fields = Vec::with_capacity(4);
        self.put_refused(refusal, &mut |name, text| {
            fields.push((name.text(), text.into()));
        });
        fields
    }

    /// Hands each field of a 429 to `put`.
    pub(crate) fn put_refused(self, refusal: &Refusal, put: &mut Put<'_>) {
        let latest = match refusal.retry_after {
            RetryAfter::After(wait) => {
                let secs = whole_secs(wait);
                put_number(Name::RetryAfter, secs, put);
                secs
            }
            RetryAfter::At(_) | RetryAfter::Unknown => {
                if let Some(moment) = refusal.retry_after.header_value() {
                    put(Name::RetryAfter, Text::Written(&moment));
                }
                u64::MAX
            }
        };
        // RFC 6585, section 4: a 429 must not be stored.
        put(Name::CacheControl, Text::Fixed("no-store"));
        self.write(refusal.quotas.iter(), |quota| quota.violated, latest, put);
    }

    /// Writes the policies of all quotas, and where the caller stands with those that are
    /// `shown`.
    fn write<'a>(
        self,
        quotas: impl Iterator<Item = &'a Quota> + Clone,
        shown: fn(&Quota) -> bool,
        latest: u64,
        put: &mut Put<'_>,
    ) {
        let standing = quotas.clone().filter(|quota| shown(quota));
        if matches!(self, Self::RateLimit | Self::Both) {
            rate_limit(&DRAFT_11, quotas, standing.clone(), latest, put);
        }
        if self.has_older() {
            x_rate_limit(standing, latest, put);
        }
    }
}

/// The name of a field, as whoever takes it knows it without a look at its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    RetryAfter,
    CacheControl,
    #[cfg(any(feature = "actix", feature = "tower"))]
    ContentType,
    Policy,
    Limit,
    OlderLimit,
    OlderRemaining,
    OlderReset,
}

impl Name {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::RetryAfter => "retry-after",
            Self::CacheControl => "cache-control",
            #[cfg(any(feature = "actix", feature = "tower"))]
            Self::ContentType => "content-type",
            Self::Policy => "ratelimit-policy",
            Self::Limit => "ratelimit",
            Self::OlderLimit => "x-ratelimit-limit",
            Self::OlderRemaining => "x-ratelimit-remaining",
            Self::OlderReset => "x-ratelimit-reset",
        }
    }
}

/// Takes a field.
pub(crate) type Put<'a> = dyn FnMut(Name, Text<'_>) + 'a;

/// The value of a field, which whoever takes it makes into one of its own.
#[derive(Clone, Copy)]
pub(crate) enum Text<'a> {
    /// It is always this.
    Fixed(&'static str),
    /// It was written for this answer.
    Written(&'a str),
}

impl From<Text<'_>> for Cow<'static, str> {
    fn from(text: Text<'_>) -> Self {
        match text {
            Text::Fixed(text) => Self::Borrowed(text),
            Text::Written(text) => Self::Owned(text.to_owned()),
        }
    }
}

/// How a version of the draft calls its parameters, with what stands around each name.
struct Draft {
    quota: &'static str,
    unit: &'static str,
    window: &'static str,
    remaining: &'static str,
    reset: &'static str,
}

const DRAFT_11: Draft = Draft {
    quota: ";q=",
    unit: ";qu=",
    window: ";w=",
    remaining: ";r=",
    reset: ";t=",
};

fn rate_limit<'a>(
    draft: &Draft,
    quotas: impl Iterator<Item = &'a Quota> + Clone,
    standing: impl Iterator<Item = &'a Quota>,
    latest: u64,
    put: &mut Put<'_>,
) {
    thread_local! {
        static WRITTEN: RefCell<Written> = const { RefCell::new(Written::new()) };
    }
    WRITTEN.with_borrow_mut(|Written { policies, list }| {
        policies.be_of(draft, quotas);
        put_list(Name::Policy, &policies.list, put);
        list.clear();
        for quota in standing {
            item(list, &quota.name);
            parameter(list, draft.remaining, quota.remaining);
            if let Some(reset) = quota.reset {
                parameter(list, draft.reset, whole_secs(reset).min(latest));
            }
        }
        put_list(Name::Limit, list, put);
    });
}

/// What a thread wrote last. It is kept since most answers tell the same policies, and since each
/// has a list of its own.
struct Written {
    policies: Policies,
    list: String,
}

impl Written {
    const fn new() -> Self {
        Self {
            policies: Policies {
                of: Vec::new(),
                list: String::new(),
            },
            list: String::new(),
        }
    }
}

/// Policies, and the list of them as it was written.
struct Policies {
    of: Vec<Policy>,
    list: String,
}

/// What is told of a quota that stays the same.
struct Policy {
    name: Arc<str>,
    limit: u64,
    window: Option<Duration>,
    unit: Unit,
}

impl Policy {
    fn of(quota: &Quota) -> Self {
        Self {
            name: Arc::clone(&quota.name),
            limit: quota.limit,
            window: quota.window,
            unit: quota.unit,
        }
    }

    /// Whether it is of this quota. One of another throttle that reads the same is written anew.
    fn is_of(&self, quota: &Quota) -> bool {
        Arc::ptr_eq(&self.name, &quota.name)
            && self.limit == quota.limit
            && self.window == quota.window
            && self.unit == quota.unit
    }
}

impl Policies {
    /// Writes the list of these, unless it is the one that was written last.
    fn be_of<'a>(&mut self, draft: &Draft, quotas: impl Iterator<Item = &'a Quota> + Clone) {
        let mut policies = self.of.iter();
        let same = quotas
            .clone()
            .all(|quota| policies.next().is_some_and(|policy| policy.is_of(quota)));
        if same && policies.next().is_none() {
            return;
        }
        self.of.clear();
        self.list.clear();
        for quota in quotas {
            self.of.push(Policy::of(quota));
            item(&mut self.list, &quota.name);
            parameter(&mut self.list, draft.quota, quota.limit);
            if quota.unit == Unit::ConcurrentRequests {
                self.list.push_str(draft.unit);
                self.list.push_str("\"concurrent-requests\"");
            }
            if let Some(window) = quota.window {
                parameter(&mut self.list, draft.window, whole_secs(window));
            }
        }
    }
}

/// Hands a list to `put`. An empty one has no way to be written.
fn put_list(name: Name, list: &str, put: &mut Put<'_>) {
    if !list.is_empty() {
        put(name, Text::Written(list));
    }
}

fn x_rate_limit<'a>(standing: impl Iterator<Item = &'a Quota>, latest: u64, put: &mut Put<'_>) {
    // Of those with as little left, the one that takes the longest.
    let least = |quota: &&Quota| {
        (
            quota.remaining,
            u64::MAX - quota.reset.map_or(0, whole_secs),
        )
    };
    let Some(quota) = standing.min_by_key(least) else {
        return;
    };
    put_number(Name::OlderLimit, quota.limit, put);
    put_number(Name::OlderRemaining, quota.remaining, put);
    if let Some(reset) = quota.reset {
        let secs = whole_secs(reset).min(latest);
        put_number(Name::OlderReset, secs, put);
    }
}

/// Hands a number to `put`, in a fraction of the time that its `Display` takes.
fn put_number(name: Name, value: u64, put: &mut Put<'_>) {
    put(name, Text::Written(itoa::Buffer::new().format(value)));
}

/// Begins an item of a list: a string, RFC 9651, 4.1.6.
fn item(list: &mut String, name: &str) {
    if !list.is_empty() {
        list.push_str(", ");
    }
    list.push('"');
    if name
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
    {
        list.push_str(name);
    } else {
        for char in printable(name) {
            if matches!(char, '"' | '\\') {
                list.push('\\');
            }
            list.push(char);
        }
    }
    list.push('"');
}

/// The name of a policy as clients are told it: what a string of a structured field cannot hold
/// is a question mark.
pub(crate) fn printable(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|char| match char {
        ' '..='~' => char,
        _ => '?',
    })
}

/// Adds a parameter that is an integer, RFC 9651, 3.3.1.
fn parameter(list: &mut String, name: &str, value: u64) {
    const LARGEST: u64 = 999_999_999_999_999;
    list.push_str(name);
    list.push_str(itoa::Buffer::new().format(value.min(LARGEST)));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Reads a list of strings with parameters as strictly as RFC 9651, 4.2 does, for the types
    /// that are written here.
    fn parsed(field: &str) -> Vec<(String, Vec<(String, String)>)> {
        let mut items = Vec::new();
        let mut rest = field;
        loop {
            let name = string(&mut rest);
            let mut parameters = Vec::new();
            while let Some(after) = rest.strip_prefix(';') {
                let (key, after) = after.split_once('=').unwrap();
                assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()), "{field}");
                rest = after;
                let value = if rest.starts_with('"') {
                    string(&mut rest)
                } else {
                    let end = rest
                        .find(|char: char| !char.is_ascii_digit())
                        .unwrap_or(rest.len());
                    let (digits, after) = rest.split_at(end);
                    assert!((1..=15).contains(&digits.len()), "{field}");
                    rest = after;
                    digits.to_owned()
                };
                parameters.push((key.to_owned(), value));
            }
            items.push((name, parameters));
            match rest.strip_prefix(", ") {
                Some(after) => rest = after,
                None => break,
            }
        }
        assert_eq!(rest, "", "{field}");
        items
    }

    fn string(rest: &mut &str) -> String {
        let mut chars = rest.strip_prefix('"').unwrap().chars();
        let mut string = String::new();
        loop {
            match chars.next().unwrap() {
                '"' => break,
                '\\' => {
                    let escaped = chars.next().unwrap();
                    assert!(matches!(escaped, '"' | '\\'));
                    string.push(escaped);
                }
                char => {
                    assert!(matches!(char, ' '..='~'));
                    string.push(char);
                }
            }
        }
        *rest = chars.as_str();
        string
    }

    fn quota(name: &str, limit: u64, remaining: u64, window: u64, reset_millis: u64) -> Quota {
        let mut quota = Quota::new(name, limit);
        quota.remaining = remaining;
        quota.window = Some(Duration::from_secs(window));
        quota.reset = Some(Duration::from_millis(reset_millis));
        quota
    }

    fn violated(mut quota: Quota) -> Quota {
        quota.violated = true;
        quota
    }

    fn at_once() -> Quota {
        let mut quota = Quota::new("at once", 4);
        quota.unit = Unit::ConcurrentRequests;
        quota.remaining = 3;
        quota
    }

    fn value<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
        let field = fields.iter().find(|(field, _)| *field == name)?;
        Some(&field.1)
    }

    #[test]
    fn each_rate_is_an_item_of_both_lists() {
        let quotas = [
            quota("burst", 100, 99, 60, 59_001),
            quota("daily", 1_000, 12, 86_400, 3_000),
            at_once(),
        ];

        let fields = Fields::RateLimit.admitted(&quotas.each_ref());

        assert_eq!(
            fields,
            [
                (
                    "ratelimit-policy",
                    Cow::from(
                        r#""burst";q=100;w=60, "daily";q=1000;w=86400, "at once";q=4;qu="concurrent-requests""#
                    )
                ),
                (
                    "ratelimit",
                    Cow::from(r#""burst";r=99;t=60, "daily";r=12;t=3, "at once";r=3"#)
                ),
            ]
        );
    }

    #[test]
    fn the_older_fields_speak_of_the_rate_with_the_least_left() {
        let quotas = [
            quota("burst", 100, 12, 60, 1_500),
            quota("daily", 1_000, 12, 86_400, 3_000),
            quota("monthly", 9_000, 800, 2_592_000, 9_000),
        ];

        let fields = Fields::XRateLimit.admitted(&quotas.each_ref());

        assert_eq!(
            fields,
            [
                ("x-ratelimit-limit", Cow::from("1000")),
                ("x-ratelimit-remaining", Cow::from("12")),
                ("x-ratelimit-reset", Cow::from("3")),
            ]
        );
    }

    #[test]
    fn a_refusal_names_the_rates_that_were_met_and_none_ends_after_retry_after() {
        let refusal = Refusal::from(RetryAfter::After(Duration::from_millis(2_500))).quotas(vec![
            violated(quota("burst", 10, 0, 1, 400)),
            quota("daily", 1_000, 12, 86_400, 80_000_000),
            violated(quota("hourly", 50, 0, 3_600, 2_500)),
            violated(quota("odd", 50, 0, 3_600, 9_000)),
        ]);

        let fields = Fields::Both.refused(&refusal);

        assert_eq!(value(&fields, "retry-after"), Some("3"));
        assert_eq!(value(&fields, "cache-control"), Some("no-store"));
        assert_eq!(
            value(&fields, "ratelimit"),
            Some(r#""burst";r=0;t=1, "hourly";r=0;t=3, "odd";r=0;t=3"#)
        );
        let policies = parsed(value(&fields, "ratelimit-policy").unwrap());
        assert_eq!(policies.len(), 4);
        assert_eq!(value(&fields, "x-ratelimit-remaining"), Some("0"));
        assert_eq!(value(&fields, "x-ratelimit-reset"), Some("3"));
    }

    #[test]
    fn who_wants_no_fields_gets_only_what_a_429_must_have() {
        let known = Refusal::from(RetryAfter::After(Duration::from_secs(7)));
        let unknown = Refusal::from(RetryAfter::Unknown);

        assert_eq!(Fields::None.refused(&known).len(), 2);
        assert_eq!(
            Fields::Both.refused(&unknown),
            [("cache-control", Cow::from("no-store"))]
        );
        assert_eq!(Fields::None.admitted(&[&at_once()]), []);
        assert_eq!(Fields::Both.admitted(&[]), []);
    }

    #[test]
    fn any_name_and_number_makes_a_field_that_can_be_read() {
        let mut odd = quota(
            "a \"b\" \\ \r\n\0é\u{7f}, \"x\";q=1",
            u64::MAX,
            u64::MAX,
            0,
            0,
        );
        odd.window = Some(Duration::MAX);
        odd.reset = Some(Duration::MAX);
        let part = quota("", 0, 0, 0, 1);

        let fields = Fields::RateLimit.admitted(&[&odd, &part]);

        for (_, field) in fields {
            let items = parsed(&field);
            assert_eq!(items.len(), 2);
            assert_eq!(items[0].0, "a \"b\" \\ ?????, \"x\";q=1");
            for (_, value) in &items[0].1 {
                assert_eq!(value, "999999999999999");
            }
            assert_eq!(items[1].1.last().unwrap().1, "1");
        }
    }
}
