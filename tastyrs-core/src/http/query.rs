//! The parameters of an address.

use super::uri::{decode, quote};
use crate::errors::{Error, Result};

/// The parameters of an address, in the order in which they were sent.
///
/// # Compatibility
///
/// Django's `QueryDict`: `&` alone separates, the last of several values of a name is the one that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
    /// Whether there were more than are read.
    cut: bool,
}

/// The most parameters that are read.
///
/// # Compatibility
///
/// Django's `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
const MOST_PARAMETERS: usize = 1_000;

impl Query {
    /// Reads what stands behind the `?` of an address.
    pub fn parse(text: &str) -> Self {
        let decoded =
            |text: &str| String::from_utf8_lossy(&decode(text.as_bytes(), true)).into_owned();
        let pairs = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .take(MOST_PARAMETERS)
            .collect();
        let cut = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .nth(MOST_PARAMETERS)
            .is_some();
        Self { pairs, cut }
    }

    /// Whether there were more parameters than the 1,000 that are read.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The last value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of `name`.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.pairs
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Names and values as they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Each name once, in the order of first use.
    fn names(&self) -> impl Iterator<Item = &str> {
        let first = |(position, (name, _)): (usize, &'_ (String, String))| {
            self.pairs[..position]
                .iter()
                .all(|(earlier, _)| earlier != name)
        };
        self.pairs
            .iter()
            .enumerate()
            .filter(move |pair| first(*pair))
            .map(|(_, (name, _))| name.as_str())
    }

    /// Each name once with its last value.
    pub(crate) fn last_values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names()
            .map(|name| (name, self.get(name).unwrap_or_default()))
    }

    /// The pairs in the order of `QueryDict.urlencode`: those of one name together.
    pub(crate) fn encoded_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names()
            .flat_map(|name| self.all(name).into_iter().map(move |value| (name, value)))
    }

    /// The parameters as a struct of the caller's; of several values of a name the last counts.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where they do not fit the struct.
    pub fn to<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        let last: Vec<String> = self
            .last_values()
            .map(|(name, value)| format!("{}={}", quote_plus(name), quote_plus(value)))
            .collect();
        actix_web::web::Query::<T>::from_query(&last.join("&"))
            .map(actix_web::web::Query::into_inner)
            .map_err(|error| Error::bad_request(format!("Invalid query: {error}")))
    }
}

/// `text` as Python's `quote_plus` writes it.
pub(crate) fn quote_plus(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    quote(
        text,
        |byte| byte.is_ascii_alphanumeric() || b"_.-~ ".contains(&byte),
        &mut out,
    );
    out.replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ampersand_separates_and_the_last_value_counts() {
        let query = Query::parse("limit=2;offset=3&a=1&a=2&b");

        assert_eq!(query.get("limit"), Some("2;offset=3"));
        assert_eq!(query.get("a"), Some("2"));
        assert_eq!(query.all("a"), ["1", "2"]);
        assert_eq!(query.get("b"), Some(""));
    }

    #[test]
    fn becomes_a_struct() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct Search {
            q: String,
            page: u32,
        }

        let search: Search = Query::parse("q=a%26b&page=1&page=2").to().unwrap();

        assert_eq!(
            search,
            Search {
                q: "a&b".to_owned(),
                page: 2
            }
        );
        assert!(Query::parse("q=a&page=x").to::<Search>().is_err());
    }
}
