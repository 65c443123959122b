//! Pages: which part of a list, and where the next one is.

use super::python::{self, Int};
use crate::{
    compatibility::Compatibility,
    data::Data,
    database::Slice,
    errors::{Error, Result},
    http::Query,
};

/// The part of a list that a request asks for.
///
/// # Compatibility
///
/// `Paginator`, `paginator.py:13`, with its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The most objects; 0 is all.
    pub(crate) limit: u64,
    pub(crate) offset: u64,
    /// Whether the limit is the resource's own.
    usual: bool,
}

impl Asked {
    /// Reads `limit` and `offset` from a request.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where one of them is no whole number from 0 up.
    pub(crate) fn read(query: &Query, limit: u64, max_limit: u64) -> Result<Self> {
        let usual = limit;
        let limit = match query.get("limit") {
            Some(text) => number(text, "limit", "a positive integer")?,
            None => limit,
        };
        let limit = if max_limit > 0 && (limit == 0 || limit > max_limit) {
            max_limit
        } else {
            limit
        };
        let offset = match query.get("offset") {
            Some(text) => number(text, "offset", "an integer")?,
            None => 0,
        };
        if i64::try_from(offset).is_err() {
            return Err(Error::bad_request(
                "The offset is beyond the end of every list.",
            ));
        }
        Ok(Self {
            limit: limit.min(i64::MAX.unsigned_abs()),
            offset,
            usual: limit == usual || limit == 20,
        })
    }

    /// Whether it is found at once: few objects, and not deep in the list.
    pub(crate) fn is_short(self) -> bool {
        (1..=100).contains(&self.limit) && self.offset <= 1_000
    }

    pub(crate) fn slice(self) -> Slice {
        Slice {
            limit: (self.limit > 0).then_some(self.limit),
            offset: self.offset,
            usual: self.usual,
        }
    }

    /// How many objects there are in all, where the number of those on the page tells.
    pub(crate) fn total(self, found: usize) -> Option<u64> {
        let found = found as u64;
        let is_last = self.limit == 0 || found < self.limit;
        // Behind the end nothing is found, however far behind it is.
        (is_last && (found > 0 || self.offset == 0)).then(|| self.offset.saturating_add(found))
    }

    /// The `meta` of a page.
    pub(crate) fn meta(
        self,
        query: &Query,
        list_uri: &str,
        total_count: u64,
        compatibility: Compatibility,
    ) -> Data<'static> {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut meta = Data::with_capacity(5);
        meta.push("limit", whole(self.limit).into());
        if self.limit > 0 {
            let next = self.offset.saturating_add(self.limit);
            meta.push(
                "next",
                (next < total_count)
                    .then(|| self.page_uri(query, list_uri, next, compatibility))
                    .into(),
            );
        }
        meta.push("offset", whole(self.offset).into());
        if self.limit > 0 {
            let previous = self.offset.checked_sub(self.limit);
            meta.push(
                "previous",
                previous
                    .map(|offset| self.page_uri(query, list_uri, offset, compatibility))
                    .into(),
            );
        }
        meta.push("total_count", whole(total_count).into());
        meta
    }

    /// A key in an address is not handed on from page to page, unless Tastypie's way is asked for.
    fn page_uri(
        self,
        query: &Query,
        list_uri: &str,
        offset: u64,
        compatibility: Compatibility,
    ) -> String {
        let kept = |name: &str| match name {
            "limit" | "offset" => false,
            "api_key" => compatibility.is_tastypie(),
            _ => true,
        };
        let mut uri = String::with_capacity(list_uri.len() + 64);
        uri.push_str(list_uri);
        uri.push('?');
        for (name, value) in query.encoded_pairs().filter(|(name, _)| kept(name)) {
            uri.push_str(&crate::http::quote_plus(name));
            uri.push('=');
            uri.push_str(&crate::http::quote_plus(value));
            uri.push('&');
        }
        for (name, number) in [("limit=", self.limit), ("&offset=", offset)] {
            uri.push_str(name);
            uri.push_str(itoa::Buffer::new().format(number));
        }
        uri
    }
}

fn number(text: &str, name: &str, wanted: &str) -> Result<u64> {
    let negative = || {
        Error::bad_request(format!(
            "Invalid {name} '{text}' provided. Please provide a positive integer >= 0."
        ))
    };
    match python::int(text) {
        Some(Int::Fits(number)) => u64::try_from(number).map_err(|_| negative()),
        Some(Int::TooHigh) => Ok(u64::MAX),
        Some(Int::TooLow) => Err(negative()),
        None => Err(Error::bad_request(format!(
            "Invalid {name} '{text}' provided. Please provide {wanted}."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Asked> {
        Asked::read(&Query::parse(query), 20, 1000)
    }

    #[test]
    fn no_limit_is_as_much_as_there_may_be() {
        assert_eq!(asked("limit=0").unwrap().limit, 1000);
        assert_eq!(asked("limit=99999999999999999999").unwrap().limit, 1000);
        assert_eq!(asked("").unwrap().limit, 20);
    }

    #[test]
    fn links_keep_the_other_parameters_and_end_in_limit_and_offset() {
        let query = Query::parse("limit=2&x=a+b%20c&id__in=1,2&id__in=4&offset=2");
        let asked = Asked::read(&query, 20, 1000).unwrap();

        let meta = asked.meta(&query, "/api/v1/notes/", 60, Compatibility::Strict);

        let next = "/api/v1/notes/?x=a+b+c&id__in=1%2C2&id__in=4&limit=2&offset=4";
        assert_eq!(meta.get("next"), Some(&next.into()));
    }

    #[test]
    fn an_offset_beyond_every_list_is_refused() {
        assert!(asked("offset=100000000000000000000").is_err());
        assert!(asked("offset=9223372036854775807").is_ok());
    }
}
