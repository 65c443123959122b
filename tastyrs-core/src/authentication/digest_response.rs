//! What a client answers to a challenge of Digest.

use std::fmt::Write as _;

/// The most bytes of an answer.
const MOST_BYTES: usize = 8 * 1024;

/// The answer of a client: `username="ada", realm="...", nonce="...", uri="/api/v1/notes/", ...`.
///
/// # Compatibility
///
/// RFC 7616, with `qop` and all that comes with it: RFC 2069's answers without could be sent again by anybody.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DigestResponse {
    pub(super) username: String,
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) uri: String,
    pub(super) response: String,
    pub(super) algorithm: Option<String>,
    pub(super) cnonce: String,
    pub(super) count: u32,
    /// As it was sent, since it is hashed so.
    pub(super) nc: String,
}

impl DigestResponse {
    /// Reads what stands behind `Digest`; nothing where it cannot be understood, or asks for what we do not offer.
    pub(super) fn parse(data: &[u8]) -> Option<Self> {
        if data.len() > MOST_BYTES {
            return None;
        }
        let mut parameters = Parameters(str::from_utf8(data).ok()?);
        let mut read: Vec<(String, String)> = Vec::new();
        while let Some(parameter) = parameters.next()? {
            if read.iter().any(|(name, _)| *name == parameter.0) {
                return None;
            }
            read.push(parameter);
        }
        let mut take = |wanted: &str| {
            let place = read.iter().position(|(name, _)| name == wanted)?;
            Some(read.swap_remove(place).1)
        };
        let username = match (take("username"), take("username*")) {
            (Some(username), None) => username,
            (None, Some(extended)) => extended_value(&extended)?,
            _ => return None,
        };
        let nc = take("nc")?;
        let is_count = nc.len() == 8 && nc.bytes().all(|byte| byte.is_ascii_hexdigit());
        let response = Self {
            username,
            realm: take("realm")?,
            nonce: take("nonce")?,
            uri: take("uri")?,
            response: take("response")?,
            algorithm: take("algorithm"),
            cnonce: take("cnonce")?,
            count: u32::from_str_radix(&nc, 16).ok()?,
            nc,
        };
        let is_auth = take("qop")?.eq_ignore_ascii_case("auth");
        let hides_name = take("userhash").is_some_and(|told| told.eq_ignore_ascii_case("true"));
        (is_count && is_auth && !hides_name).then_some(response)
    }

    /// Whether it is meant for the resource at `full_path`, which a proxy may have shortened.
    pub(super) fn is_for(&self, full_path: &str) -> bool {
        let Some(before) = self.uri.strip_suffix(full_path) else {
            return false;
        };
        !before.contains(['?', '#'])
    }

    /// What a client answers that has this key and sends this method.
    pub(super) fn expected(&self, method: &str, key: &str, hash: fn(&str) -> String) -> String {
        let one = hash(&format!("{}:{}:{key}", self.username, self.realm));
        let two = hash(&format!("{method}:{}", self.uri));
        let Self {
            nonce, nc, cnonce, ..
        } = self;
        hash(&format!("{one}:{nonce}:{nc}:{cnonce}:auth:{two}"))
    }
}

/// The parameters that are still to be read.
struct Parameters<'t>(&'t str);

impl Parameters<'_> {
    /// The next one, its name in lower case; `Some(None)` where there is no more.
    #[expect(
        clippy::option_option,
        reason = "an end is not the same as what cannot be read"
    )]
    fn next(&mut self) -> Option<Option<(String, String)>> {
        self.0 = self.0.trim_start_matches(|character: char| {
            character == ',' || character.is_ascii_whitespace()
        });
        if self.0.is_empty() {
            return Some(None);
        }
        let (name, rest) = self.0.split_once('=')?;
        let name = name.trim_ascii().to_ascii_lowercase();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_*".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        let rest = rest.trim_ascii_start();
        let value = if let Some(quoted) = rest.strip_prefix('"') {
            let (value, behind) = unquote(quoted)?;
            let behind = behind.trim_ascii_start();
            if !behind.is_empty() && !behind.starts_with(',') {
                return None;
            }
            self.0 = behind;
            value
        } else {
            let (value, behind) = rest.split_once(',').unwrap_or((rest, ""));
            self.0 = behind;
            value.trim_ascii().to_owned()
        };
        Some(Some((name, value)))
    }
}

/// Text up to the closing quote, and what stands behind it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(place + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// `UTF-8''chlo%C3%A9`, as a name outside ASCII is sent.
fn extended_value(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A value between quotes, without what no header can hold.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for character in value
        .chars()
        .filter(|character| matches!(character, ' '..='~'))
    {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        // Writing to text does not fail.
        let _ = text.write_char(character);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7616, section 3.9.1, with its password as the key.
    const MUFASA: &str = "username=\"Mufasa\",
        realm=\"http-auth@example.org\",
        uri=\"/dir/index.html\",
        algorithm=MD5,
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\",
        nc=00000001,
        cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\",
        qop=auth,
        response=\"8ca523f5e9506fed4657c9700eebdbec\",
        opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    #[test]
    fn reads_the_example_of_the_standard() {
        let read = DigestResponse::parse(MUFASA.as_bytes()).unwrap();

        assert_eq!(read.username, "Mufasa");
        assert_eq!(read.count, 1);
        assert_eq!(read.algorithm.as_deref(), Some("MD5"));
        let hash = super::super::digest::Algorithm::Md5.hash();
        assert_eq!(read.expected("GET", "Circle of Life", hash), read.response);
        assert_ne!(read.expected("POST", "Circle of Life", hash), read.response);
        assert_ne!(read.expected("GET", "Circle of Life ", hash), read.response);
        let hash = super::super::digest::Algorithm::Sha256.hash();
        assert_eq!(
            read.expected("GET", "Circle of Life", hash),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn what_is_no_answer_is_not_read() {
        for (part, instead) in [
            ("username=\"Mufasa\",", ""),
            ("nc=00000001,", ""),
            ("nc=00000001", "nc=1"),
            ("nc=00000001", "nc=0000000g"),
            ("nc=00000001", "nc=+0000001"),
            ("qop=auth,", ""),
            ("qop=auth", "qop=auth-int"),
            ("qop=auth", "qop=auth, userhash=true"),
            ("qop=auth", "qop=auth, QOP=auth"),
            ("cnonce=", "x="),
            ("uri=\"/dir/index.html\"", "uri=\"/dir/index.html"),
            ("uri=\"/dir/index.html\"", "uri=\"/dir\"/index.html"),
            ("uri=\"/dir/index.html\"", "uri"),
            (
                "username=\"Mufasa\"",
                "username=\"Mufasa\", username*=UTF-8''Mufasa",
            ),
            ("username=\"Mufasa\"", "username*=latin-1''Mufasa"),
            ("username=\"Mufasa\"", "username*=UTF-8''%c"),
            ("username=\"Mufasa\"", "username*=UTF-8''%ff"),
        ] {
            let text = MUFASA.replace(part, instead);
            assert_eq!(DigestResponse::parse(text.as_bytes()), None, "{instead}");
        }
        assert_eq!(DigestResponse::parse(&vec![b','; 100_000]), None);
        for data in [
            &b""[..],
            b"=",
            b"a",
            b"\xff=1",
            b"\"",
            b"a=\"\\",
            b"a=\"b\"c",
        ] {
            assert_eq!(DigestResponse::parse(data), None);
        }
    }

    #[test]
    fn a_name_outside_ascii_is_read_in_either_form() {
        let plain = MUFASA.replace("Mufasa", "chloé \\\"\\\\");
        let extended = MUFASA.replace("username=\"Mufasa\"", "username*=UTF-8''chlo%C3%a9");

        assert_eq!(
            DigestResponse::parse(plain.as_bytes()).unwrap().username,
            "chloé \"\\"
        );
        assert_eq!(
            DigestResponse::parse(extended.as_bytes()).unwrap().username,
            "chloé"
        );
    }

    #[test]
    fn an_answer_is_for_one_address() {
        let answer = |uri: &str| DigestResponse {
            uri: uri.to_owned(),
            ..DigestResponse::default()
        };
        let path = "/api/v1/notes/?limit=2";

        assert!(answer(path).is_for(path));
        assert!(answer("/shop/api/v1/notes/?limit=2").is_for(path));
        assert!(answer("http://notes.example/api/v1/notes/?limit=2").is_for(path));
        for other in [
            "",
            "/",
            "/api/v1/notes/",
            "/api/v1/notes/?limit=20",
            "/api/v1/notes/2/?limit=2",
            "/open/?next=/api/v1/notes/?limit=2",
        ] {
            assert!(!answer(other).is_for(path), "{other}");
        }
    }
}
