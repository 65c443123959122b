//! The models.

use bigdecimal::BigDecimal;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use tastyrs::Model;

use super::schema::{
    Db, auth_user, category, measurement, media_bit, note, subject, subject_notes,
};

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = auth_user, check_for_backend(Db))]
#[model(on_delete(Note::author_id = set_null))]
pub struct User {
    pub id: i32,
    pub password: String,
    pub last_login: Option<NaiveDateTime>,
    #[model(default = false)]
    pub is_superuser: bool,
    #[model(
        unique,
        max_length = 150,
        help_text = "Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."
    )]
    pub username: String,
    #[model(blank)]
    pub last_name: String,
    #[model(blank)]
    pub email: String,
    #[model(default = false)]
    pub is_staff: bool,
    #[model(
        default = true,
        verbose_name = "active",
        help_text = "Designates whether this user should be treated as active. Unselect this instead of deleting accounts."
    )]
    pub is_active: bool,
    #[model(default = now)]
    pub date_joined: NaiveDateTime,
    #[model(blank)]
    pub first_name: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
#[model(absolute_url = Self::address, on_delete(MediaBit::note_id = cascade, SubjectNote::note_id = cascade))]
pub struct Note {
    pub id: i32,
    #[model(foreign_key)]
    pub author_id: Option<i32>,
    /// What the note is called.
    #[model(verbose_name = "The Title", max_length = 100)]
    pub title: String,
    #[model(max_length = 50)]
    pub slug: String,
    #[model(blank)]
    pub content: String,
    #[model(default = true)]
    pub is_active: bool,
    #[model(default = now)]
    pub created: NaiveDateTime,
    #[model(auto_now)]
    pub updated: NaiveDateTime,
}

impl Note {
    /// The page that shows it.
    fn address(&self) -> String {
        format!("/read/{}/", self.slug)
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
#[model(on_delete(SubjectNote::subject_id = cascade))]
pub struct Subject {
    pub id: i32,
    #[model(max_length = 100)]
    pub name: String,
    #[model(default = "http://example.test/")]
    pub url: String,
    #[model(default = now)]
    pub created: NaiveDateTime,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject_notes, check_for_backend(Db))]
pub struct SubjectNote {
    pub id: i32,
    pub subject_id: i32,
    pub note_id: i32,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = media_bit, check_for_backend(Db))]
pub struct MediaBit {
    pub id: i32,
    #[model(foreign_key)]
    pub note_id: Option<i32>,
    #[model(max_length = 32)]
    pub title: String,
    #[model(blank)]
    pub image: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = measurement, check_for_backend(Db))]
pub struct Measurement {
    pub id: i32,
    pub whole: i32,
    pub big: i64,
    pub ratio: f64,
    #[model(max_digits = 10, decimal_places = 2)]
    pub price: BigDecimal,
    #[model(default = false)]
    pub flag: bool,
    pub maybe: Option<bool>,
    pub day: NaiveDate,
    pub clock: NaiveTime,
    pub stamp: NaiveDateTime,
    #[model(max_length = 100)]
    pub label: String,
    #[model(default = "")]
    pub body: String,
    pub opt_whole: Option<i32>,
    pub opt_big: Option<i64>,
    pub opt_ratio: Option<f64>,
    #[model(max_digits = 10, decimal_places = 2)]
    pub opt_price: Option<BigDecimal>,
    pub opt_day: Option<NaiveDate>,
    pub opt_clock: Option<NaiveTime>,
    pub opt_stamp: Option<NaiveDateTime>,
    pub opt_label: Option<String>,
    pub opt_body: Option<String>,
    #[model(default = "plain", max_length = 20)]
    pub kind: String,
    #[model(unique, max_length = 40)]
    pub code: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = category, check_for_backend(Db))]
#[model(on_delete(Self::parent_id = cascade))]
pub struct Category {
    pub id: i32,
    #[model(foreign_key)]
    pub parent_id: Option<i32>,
    #[model(max_length = 32)]
    pub name: String,
}
