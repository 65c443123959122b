//! Whether a page of our own sent the request.

use actix_web::http::{Uri, uri::Authority};

use crate::django::same_secret;

/// The characters of a token, in the order by which one masks another.
const CHARACTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The characters of a token's secret; a masked token is the mask and then the masked secret.
const LENGTH: usize = 32;

/// Whether the token that a page sent is that of the cookie.
///
/// # Compatibility
///
/// `_check_token_format` and `_does_token_match`, `django/middleware/csrf.py`: each may be masked or not.
pub(super) fn tokens_match(sent: &str, cookie: &str) -> bool {
    match (secret_of(sent), secret_of(cookie)) {
        (Some(sent), Some(cookie)) => same_secret(&sent, &cookie),
        _ => false,
    }
}

/// The secret that a token holds; nothing where it is of another form.
///
/// # Compatibility
///
/// `_unmask_cipher_token`, `django/middleware/csrf.py`.
fn secret_of(token: &str) -> Option<Vec<u8>> {
    let places: Vec<usize> = token
        .bytes()
        .map(|byte| CHARACTERS.iter().position(|character| *character == byte))
        .take(2 * LENGTH + 1)
        .collect::<Option<_>>()?;
    let secret: Vec<usize> = match places.len() {
        LENGTH => places,
        length if length == 2 * LENGTH => {
            let (mask, masked) = places.split_at(LENGTH);
            let unmasked = |(mask, masked): (&usize, &usize)| (masked + 62 - mask) % 62;
            mask.iter().zip(masked).map(unmasked).collect()
        }
        _ => return None,
    };
    Some(secret.into_iter().map(|place| CHARACTERS[place]).collect())
}

/// Whether a page is one of the host itself, or of a host that is trusted, and came over https.
///
/// # Compatibility
///
/// `same_origin`, `compat.py`, and Django's `CSRF_TRUSTED_ORIGINS`, each a scheme and a host.
pub(super) fn is_own_page(referer: &str, host: &str, trusted: &[String]) -> bool {
    let Some(referer) = origin(referer).filter(|origin| origin.is_https) else {
        return false;
    };
    let own = origin(&format!("https://{host}/"));
    let trusted = trusted.iter().map(|trusted| origin(trusted));
    trusted.chain([own]).flatten().any(|known| known == referer)
}

#[derive(Debug, PartialEq, Eq)]
struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

fn origin(address: &str) -> Option<Origin> {
    // What stands behind the host may be anything that browsers send.
    let end = address
        .find("://")
        .and_then(|colon| Some(colon + 3 + address.get(colon + 3..)?.find(['/', '?', '#'])?));
    let address = end.map_or(Some(address), |end| address.get(..end))?;
    let address: Uri = address.parse().ok()?;
    let is_https = match address.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let authority: &Authority = address.authority()?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    let usual = if is_https { 443 } else { 80 };
    Some(Origin {
        is_https,
        host: authority.host().to_ascii_lowercase(),
        port: authority.port_u16().unwrap_or(usual),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // By Django's own `_mask_cipher_secret`.
    const SECRET: &str = "abcdefghijklmnopqrstuvwxyzABCDEF";
    const MASKED: &str = "Zz9876543210ABCDEFGHIJKLMNOPQRSTZAbbbbbbbbbbMOQSUWY02468acegikmo";

    #[test]
    fn a_token_is_that_of_the_cookie_masked_or_not() {
        for sent in [SECRET, MASKED] {
            for cookie in [SECRET, MASKED] {
                assert!(tokens_match(sent, cookie), "{sent} {cookie}");
            }
        }
        let unmasked = format!("{}{SECRET}", "a".repeat(32));
        assert!(tokens_match(&unmasked, MASKED));
    }

    #[test]
    fn what_is_another_token_or_none_does_not_match() {
        let other = SECRET.replace('a', "b");
        let longer = format!("{SECRET}a");
        let endless = "a".repeat(100_000);
        for sent in [
            "",
            "a",
            &other,
            &longer,
            &endless,
            &SECRET.replace('a', "-"),
            &SECRET.replace('a', "é"),
        ] {
            assert!(!tokens_match(sent, SECRET), "{sent}");
            assert!(!tokens_match(SECRET, sent), "{sent}");
            assert!(!tokens_match(sent, MASKED), "{sent}");
        }
        assert!(!tokens_match("", ""));
        assert!(!tokens_match(&longer, &longer));
    }

    #[test]
    fn a_page_of_the_host_itself_may_refer() {
        for (referer, host, is_own) in [
            ("https://notes.example/", "notes.example", true),
            ("https://notes.example/a?b#c", "notes.example", true),
            ("https://NOTES.example", "notes.example:443", true),
            ("https://notes.example:8443/x", "notes.example:8443", true),
            ("https://partner.example/x", "notes.example", true),
            ("https://[::1]/x", "[::1]", true),
            ("https://notes.example/\u{e9} ü", "notes.example", true),
            ("http://notes.example/", "notes.example", false),
            ("https://notes.example:8443/", "notes.example", false),
            (
                "https://notes.example.evil.example/",
                "notes.example",
                false,
            ),
            (
                "https://evil.example/https://notes.example/",
                "notes.example",
                false,
            ),
            (
                "https://notes.example@evil.example/",
                "notes.example",
                false,
            ),
            (
                "https://evil.example@notes.example/",
                "notes.example",
                false,
            ),
            (
                "https://evil.example\\@notes.example/",
                "notes.example",
                false,
            ),
            ("https:/notes.example/", "notes.example", false),
            ("//notes.example/", "notes.example", false),
            ("notes.example", "notes.example", false),
            ("null", "notes.example", false),
            ("", "notes.example", false),
            ("", "", false),
            ("https://", "", false),
        ] {
            let trusted = ["https://partner.example".to_owned()];
            assert_eq!(is_own_page(referer, host, &trusted), is_own, "{referer}");
        }
    }
}
