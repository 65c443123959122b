//! Fields as the types of a framework have them.

use crate::fields::{Field, Name};

/// Writes `header_name`, `header_value`, `line` and `tell` for the types of a module such as
/// `http::header`: two versions of the crate `http` are about.
macro_rules! headers {
    ($header:path) => {
        use $header as header;

        use crate::fields::{Fields, Name, Text};
        use crate::middleware::{Header, Held, OLDER, has_less};

        /// The name of one of our fields, ready made: reading it costs more than the rest.
        pub(super) fn header_name(name: Name) -> header::HeaderName {
            const fn ours(name: Name) -> header::HeaderName {
                header::HeaderName::from_static(name.text())
            }
            const POLICY: header::HeaderName = ours(Name::Policy);
            const LIMIT: header::HeaderName = ours(Name::Limit);
            const OLDER_LIMIT: header::HeaderName = ours(Name::OlderLimit);
            const OLDER_REMAINING: header::HeaderName = ours(Name::OlderRemaining);
            const OLDER_RESET: header::HeaderName = ours(Name::OlderReset);
            match name {
                Name::RetryAfter => header::RETRY_AFTER,
                Name::CacheControl => header::CACHE_CONTROL,
                Name::ContentType => header::CONTENT_TYPE,
                Name::Policy => POLICY,
                Name::Limit => LIMIT,
                Name::OlderLimit => OLDER_LIMIT,
                Name::OlderRemaining => OLDER_REMAINING,
                Name::OlderReset => OLDER_RESET,
            }
        }

        pub(super) fn header_value(name: Name, text: Text<'_>) -> Option<header::HeaderValue> {
            /// It is checked once and not at each refusal.
            const NO_STORE: header::HeaderValue = header::HeaderValue::from_static("no-store");
            match text {
                Text::Fixed("no-store") => Some(NO_STORE),
                Text::Fixed(text) => Some(header::HeaderValue::from_static(text)),
                // What all answers under the same limits say is made once.
                Text::Written(text) if name == Name::Policy => LAST.with_borrow_mut(|last| {
                    if last
                        .as_ref()
                        .is_none_or(|last| last.as_bytes() != text.as_bytes())
                    {
                        *last = header::HeaderValue::from_str(text).ok();
                    }
                    last.clone()
                }),
                // Copied into a block of its length: a text that has room left takes a second one.
                Text::Written(text) => header::HeaderValue::from_str(text).ok(),
            }
        }

        thread_local! {
            /// The policy that was written last.
            static LAST: std::cell::RefCell<Option<header::HeaderValue>> =
                const { std::cell::RefCell::new(None) };
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
        pub(super) fn tell(headers: &mut header::HeaderMap, held: &Held, fields: Fields) {
            let there = if fields.has_older() {
                headers.get(header_name(Name::OlderRemaining))
            } else {
                None
            };
            let there = there.and_then(|value| value.to_str().ok());
            let stands = there.map(|there| has_less(there, &held.fields(fields)));
            if stands == Some(false) {
                for name in OLDER {
                    headers.remove(header_name(name));
                }
            }
            held.put_fields(fields, &mut |name, text| {
                if !(stands == Some(true) && OLDER.contains(&name))
                    && let Some(value) = header_value(name, text)
                {
                    headers.append(header_name(name), value);
                }
            });
        }
    };
}
pub(crate) use headers;

/// The older fields, of which an answer has one each.
pub(crate) const OLDER: [Name; 3] = [Name::OlderLimit, Name::OlderRemaining, Name::OlderReset];

/// Whether what an answer says of the remaining requests is at most what these fields say.
pub(crate) fn has_less(there: &str, fields: &[Field]) -> bool {
    let ours = fields
        .iter()
        .find(|(name, _)| *name == Name::OlderRemaining.text());
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(there), ours.and_then(|(_, ours)| number(ours))) {
        (Some(there), Some(ours)) => there <= ours,
        (_, None) => true,
        (None, Some(_)) => false,
    }
}
