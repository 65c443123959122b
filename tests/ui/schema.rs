//! The tables and models of the cases.

#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_imports,
    reason = "no case uses all of it"
)]

pub type Db = diesel::sqlite::Sqlite;

diesel::table! {
    user (id) {
        id -> Integer,
        username -> Text,
        password -> Text,
    }
}
diesel::table! {
    note (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        slug -> Text,
        title -> Text,
        is_active -> Bool,
        created -> Timestamp,
    }
}
diesel::table! {
    subject (id) {
        id -> Integer,
        name -> Text,
        note_id -> Integer,
    }
}
diesel::table! {
    subject_notes (id) {
        id -> Integer,
        note_id -> Integer,
        subject_id -> Integer,
        label -> Text,
    }
}

pub mod models {
    use super::{Db, note, subject, user};
    use diesel::prelude::*;
    use tastyrs::prelude::*;

    #[derive(Queryable, Selectable, Identifiable, Model)]
    #[diesel(table_name = user, check_for_backend(Db))]
    pub struct User {
        id: i32,
        username: String,
        password: String,
    }

    #[derive(Queryable, Selectable, Identifiable, Model)]
    #[diesel(table_name = note, check_for_backend(Db))]
    pub struct Note {
        id: i32,
        author_id: Option<i32>,
        slug: String,
        title: String,
        #[model(default = true)]
        is_active: bool,
        #[model(default = now)]
        created: chrono::NaiveDateTime,
    }

    impl Note {
        pub fn title(&self) -> String {
            self.title.clone()
        }
    }

    #[derive(Queryable, Selectable, Identifiable, Model)]
    #[diesel(table_name = subject, check_for_backend(Db))]
    pub struct Subject {
        id: i32,
        name: String,
        note_id: i32,
    }
}

pub use models::{Note, Subject, User};

#[derive(tastyrs::ModelResource)]
#[resource(model = User, excludes(password))]
pub struct UserResource;

#[derive(tastyrs::ModelResource)]
#[resource(model = Subject)]
pub struct SubjectResource;
