//! The page, without a script.

use std::{fmt::Write as _, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::standing::{Caller, Figures, Now, Standing};

const STYLE: &str = "\
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}\
body{margin:2rem auto;max-width:68rem;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.15rem;margin:2.5rem 0 .25rem}h3{font-size:1rem;margin:1.25rem 0 .25rem}\
p{margin:.25rem 0;opacity:.8}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th,td{padding:.3rem .6rem;border-bottom:1px solid #8884;text-align:right;white-space:nowrap}\
th{font-weight:600;opacity:.75}\
th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;width:40%}\
.limited{color:#c22;font-weight:600}\
@media(prefers-color-scheme:dark){.limited{color:#f77}}\
@media(max-width:40rem){table{display:block;overflow-x:auto}}";

/// What a browser may do with the page: apply its style, and nothing else.
pub(super) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    });
    &POLICY
}

/// Writes the page.
pub(super) fn page(api: &str, standings: &[Standing]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Throttles of {api}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Throttles of {api}</h1>\n",
        api = Escaped(api)
    );
    if standings.is_empty() {
        page.push_str("<p>No resource has a throttle.</p>\n");
    }
    for standing in standings {
        throttle(&mut page, standing);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn throttle(page: &mut String, standing: &Standing) {
    let _ = writeln!(page, "<h2>{}</h2>", Escaped(&standing.resource));
    let limits = standing.limits.as_deref().unwrap_or("limits of its own");
    let _ = write!(page, "<p>{}", Escaped(limits));
    match standing.keys {
        Some(1) => page.push_str(" · 1 identifier held"),
        Some(keys) => {
            let _ = write!(page, " · {keys} identifiers held");
        }
        None => {}
    }
    let _ = writeln!(
        page,
        " · seen for {}</p>",
        Length(standing.watched_for_secs)
    );
    page.push_str(
        "<table>\n<tr><th scope=\"col\">Decisions</th><th scope=\"col\">allowed</th><th scope=\"col\">refused</th>\
         <th scope=\"col\">refused but for a dry run</th><th scope=\"col\">failed</th></tr>\n",
    );
    figures(page, "since the start", &standing.total);
    figures(page, "in the last 5 to 10 minutes", &standing.lately);
    page.push_str("</table>\n");
    callers(page, "Who calls most", &standing.busiest);
    callers(page, "Who is turned away most", &standing.refused);
}

fn figures(page: &mut String, when: &str, figures: &Figures) {
    let _ = writeln!(
        page,
        "<tr><td>{when}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        figures.allowed, figures.refused, figures.would_refuse, figures.failed
    );
}

fn callers(page: &mut String, title: &str, callers: &[Caller]) {
    let _ = writeln!(page, "<h3>{title}</h3>");
    if callers.is_empty() {
        page.push_str("<p>Nobody yet.</p>\n");
        return;
    }
    page.push_str(
        "<table>\n<tr><th scope=\"col\">Identifier</th><th scope=\"col\">admitted</th><th scope=\"col\">refused</th>\
         <th scope=\"col\">of them lately</th><th scope=\"col\">unseen, at most</th><th scope=\"col\">last call</th>\
         <th scope=\"col\">now</th></tr>\n",
    );
    for caller in callers {
        let _ = write!(
            page,
            "<tr><td><bdi>{}</bdi></td><td>{}</td><td>{}</td><td>{} / {}</td><td>{}</td><td>{} ago</td>",
            Escaped(&caller.identifier),
            caller.admitted,
            caller.refused,
            caller.admitted_lately,
            caller.refused_lately,
            caller.missed,
            Length(caller.last_seen_secs_ago)
        );
        let _ = match &caller.now {
            Now::Free => writeln!(page, "<td>free</td></tr>"),
            Now::Unknown => writeln!(page, "<td>unknown</td></tr>"),
            Now::Limited { retry_after } => {
                let wait = retry_after.as_deref().map(wait).unwrap_or_default();
                writeln!(page, "<td class=\"limited\">limited{wait}</td></tr>")
            }
        };
    }
    page.push_str("</table>\n");
}

/// What a `Retry-After` says: a length of time, or a date.
fn wait(retry_after: &str) -> String {
    if let Ok(secs) = retry_after.parse() {
        format!(" for {}", Length(secs))
    } else {
        format!(" until {}", Escaped(retry_after))
    }
}

/// Text from wherever, as a page may show it: nothing in it is markup, and what cannot be seen, or turns the
/// direction of writing, is written out.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{ad}'
                | '\u{61c}' => write!(f, "{}", letter.escape_unicode())?,
                letter if letter.is_control() => write!(f, "{}", letter.escape_default())?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// A length of time, as short as it is still of use.
struct Length(u64);

impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(secs) = *self;
        match secs {
            0..120 => write!(f, "{secs} s"),
            120..7_200 => write!(f, "{} min", secs / 60),
            7_200..172_800 => write!(f, "{} h", secs / 3_600),
            _ => write!(f, "{} days", secs / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_shown_as_text_whatever_it_holds() {
        let evil = "<script>alert('1')</script>\" onload=\"x & \u{202e}gnp.exe\0\n";

        let shown = Escaped(evil).to_string();

        assert_eq!(
            shown,
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; onload=&quot;x &amp; \\u{202e}gnp.exe\\u{0}\\n"
        );
    }

    #[test]
    fn a_length_is_told_in_the_unit_that_fits() {
        let told: Vec<String> = [0, 119, 120, 7_199, 7_200, 200_000]
            .map(|secs| Length(secs).to_string())
            .to_vec();

        assert_eq!(
            wait("Mon, 02 Jan 2040 03:04:05 GMT"),
            " until Mon, 02 Jan 2040 03:04:05 GMT"
        );
        assert_eq!(told, ["0 s", "119 s", "2 min", "119 min", "2 h", "2 days"]);
    }
}
