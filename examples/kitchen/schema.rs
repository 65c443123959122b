//! The tables, as Django made them.

/// The database that this build serves.
#[cfg(feature = "postgres")]
pub type Db = diesel::pg::Pg;
/// The database that this build serves.
#[cfg(not(feature = "postgres"))]
pub type Db = diesel::sqlite::Sqlite;

diesel::table! {
    auth_user (id) {
        id -> Integer,
        password -> Text,
        last_login -> Nullable<Timestamp>,
        is_superuser -> Bool,
        username -> Text,
        last_name -> Text,
        email -> Text,
        is_staff -> Bool,
        is_active -> Bool,
        date_joined -> Timestamp,
        first_name -> Text,
    }
}

diesel::table! {
    #[sql_name = "kitchen_note"]
    note (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        title -> Text,
        slug -> Text,
        content -> Text,
        is_active -> Bool,
        created -> Timestamp,
        updated -> Timestamp,
    }
}

diesel::table! {
    #[sql_name = "kitchen_subject"]
    subject (id) {
        id -> Integer,
        name -> Text,
        url -> Text,
        created -> Timestamp,
    }
}

diesel::table! {
    #[sql_name = "kitchen_subject_notes"]
    subject_notes (id) {
        id -> Integer,
        subject_id -> Integer,
        note_id -> Integer,
    }
}

diesel::table! {
    #[sql_name = "kitchen_mediabit"]
    media_bit (id) {
        id -> Integer,
        note_id -> Nullable<Integer>,
        title -> Text,
        image -> Text,
    }
}

diesel::table! {
    #[sql_name = "kitchen_measurement"]
    measurement (id) {
        id -> Integer,
        whole -> Integer,
        big -> BigInt,
        ratio -> Double,
        price -> Numeric,
        flag -> Bool,
        maybe -> Nullable<Bool>,
        day -> Date,
        clock -> Time,
        stamp -> Timestamp,
        label -> Text,
        body -> Text,
        opt_whole -> Nullable<Integer>,
        opt_big -> Nullable<BigInt>,
        opt_ratio -> Nullable<Double>,
        opt_price -> Nullable<Numeric>,
        opt_day -> Nullable<Date>,
        opt_clock -> Nullable<Time>,
        opt_stamp -> Nullable<Timestamp>,
        opt_label -> Nullable<Text>,
        opt_body -> Nullable<Text>,
        kind -> Text,
        code -> Text,
    }
}

diesel::table! {
    #[sql_name = "kitchen_category"]
    category (id) {
        id -> Integer,
        parent_id -> Nullable<Integer>,
        name -> Text,
    }
}
