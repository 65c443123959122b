//! A recorded conversation, as `tests/conformance/README.md` describes it.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;

/// A conversation with one server on one database.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) area: String,
    /// In what the original errs here.
    pub(crate) quirk: Option<String>,
    pub(crate) steps: Vec<Step>,
}

/// One step of it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Call {
        request: Call,
        #[serde(default = "once")]
        repeat: u32,
        response: Reply,
    },
    Query {
        sql: String,
        rows: Vec<Vec<Value>>,
        #[serde(default)]
        volatile: Volatile,
    },
    Sleep {
        #[serde(rename = "sleep")]
        seconds: f64,
    },
}

fn once() -> u32 {
    1
}

/// What is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(crate) body: Body,
}

/// What is answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    #[serde(flatten)]
    pub(crate) body: Body,
    #[serde(default)]
    pub(crate) volatile: Volatile,
    /// Whether the web framework beneath wrote it, and not the API.
    #[serde(default)]
    pub(crate) foreign: bool,
}

/// Which values may differ, by their paths.
pub(crate) type Volatile = HashMap<String, Rule>;

/// How far a value may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Rule {
    /// It is a moment near this one.
    Now,
    /// It is there.
    Any,
}

/// A body, as text or as base64.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    #[serde(rename = "body")]
    text: Option<String>,
    #[serde(rename = "body_base64")]
    encoded: Option<String>,
}

impl Body {
    /// Whether one was recorded; it may be empty.
    pub(crate) fn is_there(&self) -> bool {
        self.text.is_some() || self.encoded.is_some()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.encoded {
            Some(encoded) => STANDARD.decode(encoded).expect("a recorded body is base64"),
            None => self.text.clone().unwrap_or_default().into_bytes(),
        }
    }
}

/// All cases, in the order in which they were recorded.
pub(crate) fn all() -> Vec<Case> {
    parse(include_str!("../../conformance/cases.jsonl"))
}

/// The cases of a file with one on a line.
fn parse(lines: &str) -> Vec<Case> {
    lines
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            // Python writes what JSON has no word for; serde_json shows such a number as null.
            let line = line.replace(", Infinity]", ", null]");
            serde_json::from_str(&line).expect("a recorded case has the form of the README")
        })
        .collect()
}
