//! The address of a PostgreSQL server, with what it leaves open.

/// What is said to libpq where the address says nothing: a server that is gone without a word is found out in seconds,
/// not in the hours that the system would take.
const DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "2"),
    ("keepalives_idle", "30"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
    ("fallback_application_name", "tastyrs"),
];

/// An address in either form that libpq reads, `postgres://...` or `host=... dbname=...`, with the defaults.
pub(super) fn with_defaults(url: &str) -> String {
    let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let said = |name: &str| {
        url.match_indices(name).any(|(start, _)| {
            let (before, behind) = (url.get(..start), url.get(start + name.len()..));
            before.is_some_and(|before| before.is_empty() || before.ends_with(['?', '&', ' ']))
                && behind.is_some_and(|behind| behind.trim_start().starts_with('='))
        })
    };
    // A question mark in front of the host belongs to the password.
    let parameters = url.rsplit('@').next().unwrap_or(url).contains('?');
    let mut address = url.to_owned();
    let mut separator = match (is_uri, parameters) {
        (false, _) => ' ',
        (true, false) => '?',
        (true, true) => '&',
    };
    for (name, value) in DEFAULTS {
        if !said(name) {
            address.push(separator);
            address.push_str(name);
            address.push('=');
            address.push_str(value);
            separator = if is_uri { '&' } else { ' ' };
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_says_stays() {
        let address = with_defaults("postgres://ada:p?w@db/notes?connect_timeout=9");

        assert!(
            address
                .starts_with("postgres://ada:p?w@db/notes?connect_timeout=9&keepalives_idle=30&")
        );
        assert_eq!(address.matches("connect_timeout").count(), 1);
    }

    #[test]
    fn each_form_is_continued_in_its_own_way() {
        let uri = with_defaults("postgres://db/notes");
        let words = with_defaults("host=db dbname=notes");

        assert!(
            uri.starts_with("postgres://db/notes?connect_timeout=2&"),
            "{uri}"
        );
        assert!(
            words.starts_with("host=db dbname=notes connect_timeout=2 "),
            "{words}"
        );
    }
}
