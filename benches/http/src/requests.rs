//! What is asked.

use std::borrow::Cow;

/// A request, and what it takes to ask it.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: &'static str,
    pub status: u16,
    /// The limit of the server's throttle, where it has one.
    pub throttle_at: Option<u32>,
    /// How many are sent before one is looked at.
    pub before: u32,
    method: &'static str,
    path: Cow<'static, str>,
    body: Body,
    /// How many are measured at once, beside a detail.
    pub weight: u32,
}

#[derive(Debug, Clone, Copy)]
enum Body {
    None,
    Note,
    Patches,
}

impl Case {
    pub const fn get(name: &'static str, path: &'static str, weight: u32) -> Self {
        Self {
            name,
            status: 200,
            throttle_at: None,
            before: 0,
            method: "GET",
            path: Cow::Borrowed(path),
            body: Body::None,
            weight,
        }
    }

    /// It at another address.
    pub fn at(&self, path: String) -> Self {
        Self {
            path: path.into(),
            ..self.clone()
        }
    }

    /// It as bytes; the body differs from one number to the next where it is written.
    pub fn request(&self, number: u32) -> Vec<u8> {
        let body = match self.body {
            Body::None => String::new(),
            Body::Note => format!(
                "{{\"author\": \"/api/v1/users/{}/\", \"content\": \"{}\", \"created\": \"2026-08-02T21:25:13.612852\", \
                 \"is_active\": true, \"slug\": \"written-{number}\", \"title\": \"Written {number}\"}}",
                number % 100 + 1,
                "words of a note, ".repeat(29),
            ),
            Body::Patches => {
                let objects: Vec<String> = (1..=100)
                    .map(|key| {
                        format!("{{\"resource_uri\": \"/api/v1/notes/{key}/\", \"title\": \"Changed {number} {key}\"}}")
                    })
                    .collect();
                format!("{{\"objects\": [{}]}}", objects.join(", "))
            }
        };
        let mut request = format!("{} {} HTTP/1.1\r\nHost: bench\r\n", self.method, self.path);
        if !body.is_empty() {
            request.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            ));
        }
        request.push_str("\r\n");
        request.push_str(&body);
        request.into_bytes()
    }
}

/// All that is measured.
pub fn all() -> Vec<Case> {
    vec![
        Case::get("list of 20", "/api/v1/notes/?limit=20", 4),
        Case::get("detail", "/api/v1/notes/7/", 1),
        Case::get(
            "filter, ordered",
            "/api/v1/notes/?title__startswith=Note+12&order_by=-created",
            40,
        ),
        Case {
            method: "POST",
            status: 201,
            body: Body::Note,
            ..Case::get("POST", "/api/v1/notes/", 4)
        },
        Case {
            method: "PUT",
            status: 204,
            body: Body::Note,
            ..Case::get("PUT", "/api/v1/notes/7/", 4)
        },
        Case {
            throttle_at: Some(1_000_000),
            ..Case::get("detail, throttled", "/api/v1/notes/7/", 1)
        },
        Case {
            throttle_at: Some(1),
            before: 1,
            status: 429,
            ..Case::get("refused", "/api/v1/notes/7/", 1)
        },
        Case::get("list, all written out", "/api/v1/fullnotes/?limit=20", 6),
        Case::get(
            "filter by a relation",
            "/api/v1/notes/?author__username=user7",
            4,
        ),
        Case::get(
            "set of 20",
            "/api/v1/notes/set/1;22;43;64;85;106;127;148;169;190;211;232;253;274;295;316;337;358;379;400/",
            4,
        ),
        Case {
            method: "PATCH",
            status: 202,
            body: Body::Patches,
            ..Case::get("PATCH of 100", "/api/v1/notes/", 100)
        },
    ]
}
