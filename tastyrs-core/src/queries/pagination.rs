//! Pages: which part of a list, and where the next one is.

use super::python::{self, Int};
use crate::{
    compatibility::Compatibility,
    database::Slice,
    errors::{Error, Result},
    http::Query,
};

/// The part of a list that a request asks for.
///
/// # Compatibility
///
/// `Paginator`, `paginator.py:13`, with its texts; `after` and `before` are ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The most objects; 0 is all.
    pub(crate) limit: u64,
    pub(crate) from: From,
    /// Whether the limit is the resource's own.
    usual: bool,
}

/// Where a part of a list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// So many objects behind the first one.
    Offset(u64),
    /// Behind the object of this name; without one it begins with the first.
    After(Option<String>),
    /// Before the object of this name, and next to it.
    Before(String),
}

impl Asked {
    /// Reads `limit`, `offset`, `after` and `before` from a request. A name of a field is never a place in the list: then
    /// it is a filter.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where a limit or an offset is no whole number from 0 up, and where there are two places.
    pub(crate) fn read(
        query: &Query,
        limit: u64,
        max_limit: u64,
        is_field: &dyn Fn(&str) -> bool,
    ) -> Result<Self> {
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
        Ok(Self {
            limit: limit.min(i64::MAX.unsigned_abs()),
            from: From::read(query, is_field)?,
            usual: limit == usual || limit == 20,
        })
    }

    /// Whether it is found at once where the order is that of the keys: few objects, and not counted up to from far away.
    pub(crate) fn is_short(&self) -> bool {
        let is_near = match self.from {
            From::Offset(offset) => offset <= 1_000,
            From::After(_) | From::Before(_) => true,
        };
        is_near && (1..=100).contains(&self.limit)
    }

    /// Whether it is told by an object of the list, and not by a number.
    pub(crate) fn is_keyset(&self) -> bool {
        !matches!(self.from, From::Offset(_))
    }

    /// The rows to load, and one more where that tells whether there are any.
    pub(crate) fn slice(&self, look_ahead: bool) -> Slice {
        Slice {
            limit: (self.limit > 0).then(|| self.limit.saturating_add(look_ahead.into())),
            offset: match self.from {
                From::Offset(offset) => offset,
                From::After(_) | From::Before(_) => 0,
            },
            usual: self.usual,
        }
    }

    /// How many objects there are in all, where those that were found tell.
    pub(crate) fn total(&self, found: usize) -> Option<u64> {
        let found = found as u64;
        let is_last = self.limit == 0 || found < self.limit;
        match &self.from {
            // Behind the end nothing is found, however far behind it is.
            From::Offset(offset) => {
                (is_last && (found > 0 || *offset == 0)).then(|| offset.saturating_add(found))
            }
            From::After(None) => is_last.then_some(found),
            From::After(Some(_)) | From::Before(_) => None,
        }
    }

    /// How many objects there are at least, where so many were found.
    pub(crate) fn seen(&self, found: usize) -> u64 {
        let before = match self.from {
            From::Offset(offset) if found > 0 => offset,
            From::Offset(_) | From::After(_) | From::Before(_) => 0,
        };
        before.saturating_add(found as u64)
    }

    /// The addresses of the parts behind and before: where there is more, and the names of its first and last object
    /// where objects tell the place.
    pub(crate) fn neighbours(
        &self,
        more: bool,
        ends: Option<(&str, &str)>,
        to: &Addresses<'_>,
    ) -> [Option<String>; 2] {
        match &self.from {
            From::Offset(offset) => {
                let at = |offset: u64| to.of(self.limit, "offset", &offset.to_string());
                [
                    more.then(|| at(offset.saturating_add(self.limit))),
                    offset.checked_sub(self.limit).map(at),
                ]
            }
            From::After(name) => {
                let [next, previous] = [more, name.is_some()];
                self.beside(ends, [next, previous], to)
            }
            From::Before(_) => self.beside(ends, [true, more], to),
        }
    }

    fn beside(
        &self,
        ends: Option<(&str, &str)>,
        [next, previous]: [bool; 2],
        to: &Addresses<'_>,
    ) -> [Option<String>; 2] {
        let Some((first, last)) = ends else {
            return [None, None];
        };
        [
            next.then(|| to.of(self.limit, "after", last)),
            previous.then(|| to.of(self.limit, "before", first)),
        ]
    }
}

impl From {
    fn read(query: &Query, is_field: &dyn Fn(&str) -> bool) -> Result<Self> {
        let name = |parameter: &str| {
            let name = query.get(parameter).filter(|_| !is_field(parameter))?;
            Some(name.to_owned())
        };
        let offset = match query.get("offset") {
            Some(text) => Some(number(text, "offset", "an integer")?),
            None => None,
        };
        match (name("after"), name("before"), offset) {
            (None, None, offset) => {
                let offset = offset.unwrap_or(0);
                if i64::try_from(offset).is_err() {
                    return Err(Error::bad_request(
                        "The offset is beyond the end of every list.",
                    ));
                }
                Ok(Self::Offset(offset))
            }
            (Some(name), None, None) => Ok(Self::After(Some(name).filter(|name| !name.is_empty()))),
            (None, Some(name), None) if !name.is_empty() => Ok(Self::Before(name)),
            (None, Some(_), None) => Err(Error::bad_request(
                "`before` wants the name of an object, as its address ends in it.",
            )),
            _ => Err(Error::bad_request(
                "A page has one place: say `offset`, `after` or `before`, and one of them once.",
            )),
        }
    }
}

/// The addresses of other parts of a list: its own with another place.
pub(crate) struct Addresses<'a> {
    pub(crate) query: &'a Query,
    pub(crate) list_uri: &'a str,
    pub(crate) compatibility: Compatibility,
}

impl Addresses<'_> {
    /// The address of a part of the list; the other parameters are handed on.
    ///
    /// A key in an address is not, unless Tastypie's way is asked for.
    fn of(&self, limit: u64, parameter: &str, place: &str) -> String {
        let is_page = parameter != "offset";
        let kept = |name: &str| match name {
            "limit" | "offset" => false,
            "after" | "before" => !is_page,
            "api_key" => self.compatibility.is_tastypie(),
            _ => true,
        };
        let mut uri = String::with_capacity(self.list_uri.len() + 64);
        uri.push_str(self.list_uri);
        uri.push('?');
        let pairs = self.query.encoded_pairs();
        for (name, value) in pairs.filter(|(name, _)| kept(name)) {
            uri.push_str(&crate::http::quote_plus(name));
            uri.push('=');
            uri.push_str(&crate::http::quote_plus(value));
            uri.push('&');
        }
        uri.push_str("limit=");
        uri.push_str(itoa::Buffer::new().format(limit));
        for part in ["&", parameter, "=", &crate::http::quote_plus(place)] {
            uri.push_str(part);
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
        Asked::read(&Query::parse(query), 20, 1000, &|name| name == "before")
    }

    fn neighbours(query: &str, ends: Option<(&str, &str)>) -> [Option<String>; 2] {
        let query = Query::parse(query);
        let to = Addresses {
            query: &query,
            list_uri: "/api/v1/notes/",
            compatibility: Compatibility::Strict,
        };
        let asked = Asked::read(&query, 20, 1000, &|_| false).unwrap();
        asked.neighbours(true, ends, &to)
    }

    #[test]
    fn no_limit_is_as_much_as_there_may_be() {
        assert_eq!(asked("limit=0").unwrap().limit, 1000);
        assert_eq!(asked("limit=99999999999999999999").unwrap().limit, 1000);
        assert_eq!(asked("").unwrap().limit, 20);
    }

    #[test]
    fn links_keep_the_other_parameters_and_end_in_limit_and_offset() {
        let [next, _] = neighbours("limit=2&x=a+b%20c&id__in=1,2&id__in=4&offset=2", None);

        let wanted = "/api/v1/notes/?x=a+b+c&id__in=1%2C2&id__in=4&limit=2&offset=4";
        assert_eq!(next.as_deref(), Some(wanted));
    }

    #[test]
    fn links_by_objects_name_the_ends_of_the_page() {
        let [next, previous] = neighbours("after=a%26b&limit=2&x=1", Some(("c d", "ä")));

        let wanted = "/api/v1/notes/?x=1&limit=2&after=%C3%A4";
        assert_eq!(next.as_deref(), Some(wanted));
        let wanted = "/api/v1/notes/?x=1&limit=2&before=c+d";
        assert_eq!(previous.as_deref(), Some(wanted));
        let [_, previous] = neighbours("after=&limit=2", Some(("1", "2")));
        assert_eq!(previous, None, "nothing is before the first");
        assert_eq!(neighbours("after=7", None), [None, None]);
    }

    #[test]
    fn an_offset_beyond_every_list_is_refused() {
        assert!(asked("offset=100000000000000000000").is_err());
        assert!(asked("offset=9223372036854775807").is_ok());
    }

    #[test]
    fn a_page_has_one_place_and_the_name_of_a_field_is_none() {
        assert!(asked("offset=0&after=1").is_err());
        assert_eq!(
            asked("after=1").unwrap().from,
            From::After(Some("1".to_owned()))
        );
        assert_eq!(asked("after=").unwrap().from, From::After(None));
        assert_eq!(asked("before=1&offset=3").unwrap().from, From::Offset(3));
        let read = |query| Asked::read(&Query::parse(query), 20, 0, &|_| false);
        assert!(read("after=1&before=2").is_err());
        assert!(read("before=").is_err());
    }
}
