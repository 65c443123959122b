//! Fields as the types of a framework have them.

use crate::fields::Field;

/// Writes `header_name`, `header_value`, `line` and `tell` for the types of a module such as
/// `http::header`: two versions of the crate `http` are about.
macro_rules! headers {
    ($header:path) => {
        use $header as header;

        use crate::fields::{Field, Text};
        use crate::middleware::{Header, OLDER, REMAINING, has_less};

        /// The name of one of our fields, ready made: reading it costs more than the rest.
        pub(super) fn header_name(name: &'static str) -> header::HeaderName {
            const POLICY: header::HeaderName = header::HeaderName::from_static("ratelimit-policy");
            const LIMIT: header::HeaderName = header::HeaderName::from_static("ratelimit");
            match name {
                "retry-after" => header::RETRY_AFTER,
                "cache-control" => header::CACHE_CONTROL,
                "content-type" => header::CONTENT_TYPE,
                "ratelimit-policy" => POLICY,
                "ratelimit" => LIMIT,
                name => header::HeaderName::from_static(name),
            }
        }

        pub(super) fn header_value(text: Text<'_>) -> Option<header::HeaderValue> {
            match text {
                Text::Fixed(text) => Some(header::HeaderValue::from_static(text)),
                // Copied into a block of its length: a text that has room left takes a second one.
                Text::Written(text) => header::HeaderValue::from_str(text).ok(),
            }
        }

        /// The lines of a header.
        pub(super) fn lines(
            headers: &header::HeaderMap,
            header: Header,
        ) -> impl DoubleEndedIterator<Item = &[u8]> {
            const X_FORWARDED_FOR: header::HeaderName =
                header::HeaderName::from_static("x-forwarded-for");
            let lines = headers.get_all(match header {
                Header::Accept => header::ACCEPT,
                Header::Origin => header::ORIGIN,
                Header::RequestMethod => header::ACCESS_CONTROL_REQUEST_METHOD,
                Header::Forwarded => header::FORWARDED,
                Header::XForwardedFor => X_FORWARDED_FOR,
            });
            lines.into_iter().map(header::HeaderValue::as_bytes)
        }

        /// Adds to an answer what the client is told. Throttles further inside may have told it
        /// something already: of the older fields, which know one limit alone, those with less
        /// left stand.
        pub(super) fn tell(headers: &mut header::HeaderMap, fields: Vec<Field>) {
            let there = headers.get(REMAINING);
            let there = there.and_then(|value| value.to_str().ok());
            let stands = there.is_some_and(|there| has_less(there, &fields));
            if there.is_some() && !stands {
                for name in OLDER {
                    headers.remove(name);
                }
            }
            for (name, value) in fields {
                if let Ok(value) = header::HeaderValue::try_from(value.into_owned())
                    && !(stands && OLDER.contains(&name))
                {
                    headers.append(header_name(name), value);
                }
            }
        }
    };
}
pub(crate) use headers;

/// The older fields, of which an answer has one each.
pub(crate) const OLDER: [&str; 3] = ["x-ratelimit-limit", REMAINING, "x-ratelimit-reset"];
pub(crate) const REMAINING: &str = "x-ratelimit-remaining";

/// Whether what an answer says of the remaining requests is at most what these fields say.
pub(crate) fn has_less(there: &str, fields: &[Field]) -> bool {
    let ours = fields.iter().find(|(name, _)| *name == REMAINING);
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(there), ours.and_then(|(_, ours)| number(ours))) {
        (Some(there), Some(ours)) => there <= ours,
        (_, None) => true,
        (None, Some(_)) => false,
    }
}
