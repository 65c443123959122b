//! What goes over the wire. Fields stand in the order of their names, in which they are written.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug, Serialize)]
pub struct Page<T> {
    pub meta: Meta,
    pub objects: Vec<T>,
}

#[derive(Debug, Serialize)]
pub struct Meta {
    pub limit: i64,
    pub next: Option<String>,
    pub offset: i64,
    pub previous: Option<String>,
    pub total_count: i64,
}

#[derive(Debug, Serialize)]
pub struct Set {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_found: Vec<String>,
    pub objects: Vec<Note>,
}

#[derive(Debug, sqlx::FromRow)]
pub struct NoteRow {
    pub id: i64,
    pub author_id: Option<i64>,
    pub title: String,
    pub slug: String,
    pub content: String,
    pub is_active: bool,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Note {
    pub author: Option<String>,
    pub content: String,
    #[serde(serialize_with = "moment")]
    pub created: DateTime<Utc>,
    pub id: i64,
    pub is_active: bool,
    pub resource_uri: String,
    pub slug: String,
    pub title: String,
    #[serde(serialize_with = "moment")]
    pub updated: DateTime<Utc>,
}

impl From<NoteRow> for Note {
    fn from(row: NoteRow) -> Self {
        Self {
            author: row.author_id.map(|id| format!("/api/v1/users/{id}/")),
            content: row.content,
            created: row.created,
            id: row.id,
            is_active: row.is_active,
            resource_uri: format!("/api/v1/notes/{}/", row.id),
            slug: row.slug,
            title: row.title,
            updated: row.updated,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct User {
    pub id: i64,
    pub resource_uri: String,
    pub username: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Tag {
    pub id: i64,
    pub name: String,
    pub resource_uri: String,
}

#[derive(Debug, Serialize)]
pub struct FullNote {
    pub author: Option<User>,
    pub content: String,
    #[serde(serialize_with = "moment")]
    pub created: DateTime<Utc>,
    pub id: i64,
    pub is_active: bool,
    pub resource_uri: String,
    pub slug: String,
    pub tags: Vec<Tag>,
    pub title: String,
    #[serde(serialize_with = "moment")]
    pub updated: DateTime<Utc>,
}

fn moment<S: Serializer>(moment: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&moment.format("%Y-%m-%dT%H:%M:%S%.6f"))
}

#[derive(Debug, Deserialize)]
pub struct Search {
    #[serde(default = "twenty")]
    pub limit: i64,
    #[serde(default)]
    pub offset: i64,
    pub title: Option<String>,
    pub title__startswith: Option<String>,
    pub slug: Option<String>,
    pub author__username: Option<String>,
    pub order_by: Option<String>,
}

fn twenty() -> i64 {
    20
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
pub struct Sent {
    pub author: Option<String>,
    pub title: String,
    pub slug: String,
    pub content: String,
    #[serde(default = "yes")]
    pub is_active: bool,
    pub created: Option<NaiveDateTime>,
}

#[derive(Debug, Deserialize)]
pub struct Patch {
    pub resource_uri: String,
    pub title: String,
}

#[derive(Debug, Deserialize)]
pub struct Patches {
    pub objects: Vec<Patch>,
}

/// The number in an address.
pub fn key_of(uri: &str) -> Option<i64> {
    uri.trim_end_matches('/').rsplit('/').next()?.parse().ok()
}

impl Search {
    /// The addresses of the pages before and behind this one.
    pub fn meta(&self, path: &str, total_count: i64) -> Meta {
        let link = |offset: i64| {
            let mut uri = format!("{path}?");
            for (name, value) in [
                ("title", &self.title),
                ("title__startswith", &self.title__startswith),
                ("slug", &self.slug),
                ("author__username", &self.author__username),
                ("order_by", &self.order_by),
            ] {
                if let Some(value) = value {
                    uri.push_str(&format!("{name}={}&", value.replace(' ', "+")));
                }
            }
            format!("{uri}limit={}&offset={offset}", self.limit)
        };
        Meta {
            limit: self.limit,
            next: (self.offset + self.limit < total_count).then(|| link(self.offset + self.limit)),
            offset: self.offset,
            previous: (self.offset >= self.limit).then(|| link(self.offset - self.limit)),
            total_count,
        }
    }
}
