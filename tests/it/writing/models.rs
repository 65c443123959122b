//! Books, who wrote them, and what belongs to them.

use bigdecimal::BigDecimal;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use tastyrs::{fields::Kind, prelude::*};
use uuid::Uuid;

pub type Db = diesel::sqlite::Sqlite;

diesel::table! {
    writer (id) {
        id -> Integer,
        name -> Text,
        rank -> Nullable<Integer>,
    }
}

diesel::table! {
    book (id) {
        id -> Integer,
        writer_id -> Nullable<Integer>,
        shelf_id -> Integer,
        slug -> Text,
        title -> Text,
        pages -> SmallInt,
        blurb -> Text,
        secret -> Text,
        made -> Timestamp,
        stamp -> Timestamp,
    }
}

diesel::table! {
    topic (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    book_topics (id) {
        id -> Integer,
        book_id -> Integer,
        topic_id -> Integer,
    }
}

diesel::table! {
    chapter (id) {
        id -> Integer,
        book_id -> Integer,
        title -> Text,
    }
}

diesel::table! {
    loan (id) {
        id -> Integer,
        book_id -> Nullable<Integer>,
        holder_id -> Integer,
        remark -> Text,
    }
}

diesel::table! {
    node (code) {
        code -> Text,
        parent_code -> Nullable<Text>,
        label -> Text,
    }
}

diesel::table! {
    item (id) {
        id -> Text,
        small -> SmallInt,
        whole -> Integer,
        big -> BigInt,
        single -> Float,
        ratio -> Double,
        flag -> Bool,
        label -> Text,
        price -> Numeric,
        day -> Date,
        clock -> Time,
        stamp -> Timestamp,
        blob -> Binary,
        json -> Json,
        size -> Text,
        opt_whole -> Nullable<Integer>,
        opt_ratio -> Nullable<Double>,
        opt_flag -> Nullable<Bool>,
        opt_label -> Nullable<Text>,
        opt_price -> Nullable<Numeric>,
        opt_day -> Nullable<Date>,
        opt_clock -> Nullable<Time>,
        opt_stamp -> Nullable<Timestamp>,
        opt_blob -> Nullable<Binary>,
        opt_json -> Nullable<Json>,
        opt_id -> Nullable<Text>,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = writer, check_for_backend(Db))]
#[model(on_delete(Book::writer_id = set_null, Loan::holder_id = protect))]
pub struct Writer {
    pub id: i32,
    #[model(unique, max_length = 10)]
    pub name: String,
    pub rank: Option<i32>,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = book, check_for_backend(Db))]
#[model(on_delete(Chapter::book_id = cascade, BookTopic::book_id = cascade, Loan::book_id = set_null))]
pub struct Book {
    pub id: i32,
    #[model(foreign_key)]
    pub writer_id: Option<i32>,
    #[model(default = 1)]
    pub shelf_id: i32,
    #[model(unique)]
    pub slug: String,
    #[model(max_length = 20)]
    pub title: String,
    pub pages: i16,
    #[model(blank)]
    pub blurb: String,
    #[model(default = "kept")]
    pub secret: String,
    #[model(default = now)]
    pub made: NaiveDateTime,
    #[model(auto_now)]
    pub stamp: NaiveDateTime,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = topic, check_for_backend(Db))]
#[model(on_delete(BookTopic::topic_id = protect))]
pub struct Topic {
    pub id: i32,
    #[model(unique)]
    pub name: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = book_topics, check_for_backend(Db))]
pub struct BookTopic {
    pub id: i32,
    pub book_id: i32,
    pub topic_id: i32,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = chapter, check_for_backend(Db))]
pub struct Chapter {
    pub id: i32,
    #[model(foreign_key)]
    pub book_id: i32,
    pub title: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = loan, check_for_backend(Db))]
pub struct Loan {
    pub id: i32,
    #[model(foreign_key)]
    pub book_id: Option<i32>,
    #[model(foreign_key)]
    pub holder_id: i32,
    #[model(blank)]
    pub remark: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = node, check_for_backend(Db), primary_key(code))]
#[model(on_delete(Self::parent_code = cascade))]
pub struct Node {
    pub code: String,
    #[model(foreign_key)]
    pub parent_code: Option<String>,
    #[model(blank)]
    pub label: String,
}

/// One of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Small,
    Large,
}

impl FieldType for Size {
    const KIND: Kind = Kind::Text;

    fn to_value(&self) -> Value<'_> {
        Value::from(match self {
            Self::Small => "small",
            Self::Large => "large",
        })
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value.as_str()? {
            "small" => Some(Self::Small),
            "large" => Some(Self::Large),
            _ => None,
        }
    }
}

/// A column of each kind, once as it must be and once as it may be nothing.
#[derive(Model)]
#[diesel(table_name = item, check_for_backend(Db))]
pub struct Item {
    pub id: Uuid,
    pub small: i16,
    pub whole: i32,
    pub big: i64,
    pub single: f32,
    pub ratio: f64,
    pub flag: bool,
    #[model(max_length = 20)]
    pub label: String,
    #[model(max_digits = 10, decimal_places = 2)]
    pub price: BigDecimal,
    pub day: NaiveDate,
    pub clock: NaiveTime,
    pub stamp: NaiveDateTime,
    pub blob: Vec<u8>,
    pub json: serde_json::Value,
    pub size: Size,
    pub opt_whole: Option<i32>,
    pub opt_ratio: Option<f64>,
    pub opt_flag: Option<bool>,
    pub opt_label: Option<String>,
    #[model(max_digits = 10, decimal_places = 2)]
    pub opt_price: Option<BigDecimal>,
    pub opt_day: Option<NaiveDate>,
    pub opt_clock: Option<NaiveTime>,
    pub opt_stamp: Option<NaiveDateTime>,
    pub opt_blob: Option<Vec<u8>>,
    pub opt_json: Option<serde_json::Value>,
    pub opt_id: Option<Uuid>,
}

/// The tables, with references that are checked at the end, as Django declares them. What is done to a row stands in
/// `log`.
pub const TABLES: &str = "
    CREATE TABLE writer (id integer PRIMARY KEY, name varchar(10) NOT NULL UNIQUE, rank integer CHECK (rank >= 0));
    CREATE TABLE shelf (id integer PRIMARY KEY);
    CREATE TABLE book (id integer PRIMARY KEY,
        writer_id integer REFERENCES writer (id) DEFERRABLE INITIALLY DEFERRED,
        shelf_id integer NOT NULL REFERENCES shelf (id) DEFERRABLE INITIALLY DEFERRED,
        slug text NOT NULL UNIQUE, title varchar(20) NOT NULL, pages smallint NOT NULL, blurb text NOT NULL,
        secret text NOT NULL, made datetime NOT NULL, stamp datetime NOT NULL);
    CREATE TABLE topic (id integer PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE book_topics (id integer PRIMARY KEY,
        book_id integer NOT NULL REFERENCES book (id) DEFERRABLE INITIALLY DEFERRED,
        topic_id integer NOT NULL REFERENCES topic (id) DEFERRABLE INITIALLY DEFERRED,
        UNIQUE (book_id, topic_id));
    CREATE TABLE chapter (id integer PRIMARY KEY,
        book_id integer NOT NULL REFERENCES book (id) DEFERRABLE INITIALLY DEFERRED,
        title text NOT NULL, UNIQUE (book_id, title));
    CREATE TABLE loan (id integer PRIMARY KEY,
        book_id integer REFERENCES book (id) DEFERRABLE INITIALLY DEFERRED,
        holder_id integer NOT NULL REFERENCES writer (id) DEFERRABLE INITIALLY DEFERRED,
        remark text NOT NULL);
    CREATE TABLE node (code text PRIMARY KEY,
        parent_code text REFERENCES node (code) DEFERRABLE INITIALLY DEFERRED, label text NOT NULL);
    CREATE TABLE item (id char(32) PRIMARY KEY, small smallint NOT NULL, whole integer NOT NULL, big bigint NOT NULL,
        single real NOT NULL, ratio real NOT NULL, flag bool NOT NULL, label varchar(20) NOT NULL,
        price decimal NOT NULL, day date NOT NULL, clock time NOT NULL, stamp datetime NOT NULL, blob BLOB NOT NULL,
        json text NOT NULL, size text NOT NULL, opt_whole integer, opt_ratio real, opt_flag bool, opt_label text,
        opt_price decimal, opt_day date, opt_clock time, opt_stamp datetime, opt_blob BLOB, opt_json text,
        opt_id char(32));
    INSERT INTO writer VALUES (1, 'ada', 1), (2, 'brian', NULL), (3, 'chloe', 3);
    INSERT INTO shelf VALUES (1), (2);
    INSERT INTO topic VALUES (1, 'bread'), (2, 'tea'), (3, 'jam');
    INSERT INTO book VALUES
        (1, 1, 1, 'one', 'First', 10, 'b', 'hidden', '2010-03-19 01:18:01', '2010-03-19 01:18:01'),
        (2, 2, 2, 'two', 'Second', 20, '', 'hidden', '2010-03-19 01:18:01', '2010-03-19 01:18:01');
    INSERT INTO book_topics VALUES (11, 1, 1), (12, 1, 2);
    INSERT INTO chapter VALUES (1, 1, 'in'), (2, 1, 'out'), (3, 2, 'mid');
    INSERT INTO loan VALUES (1, 1, 1, 'mine'), (2, NULL, 1, 'too'), (3, NULL, 2, 'his');
    INSERT INTO node VALUES ('trunk', NULL, ''), ('left', 'trunk', ''), ('leaf', 'left', ''), ('other', NULL, '');
    CREATE TABLE log (id integer PRIMARY KEY, what text NOT NULL);
    CREATE TRIGGER l1 AFTER INSERT ON book_topics BEGIN INSERT INTO log (what) VALUES ('+link ' || new.book_id || '-' || new.topic_id); END;
    CREATE TRIGGER l2 AFTER DELETE ON book_topics BEGIN INSERT INTO log (what) VALUES ('-link ' || old.book_id || '-' || old.topic_id); END;
    CREATE TRIGGER l3 AFTER UPDATE ON book_topics BEGIN INSERT INTO log (what) VALUES ('~link'); END;
    CREATE TRIGGER w1 AFTER INSERT ON writer BEGIN INSERT INTO log (what) VALUES ('+writer ' || new.name); END;
    CREATE TRIGGER w2 AFTER UPDATE ON writer BEGIN INSERT INTO log (what) VALUES ('~writer ' || old.id); END;
    CREATE TRIGGER t2 AFTER UPDATE ON topic BEGIN INSERT INTO log (what) VALUES ('~topic ' || old.id); END;
    CREATE TRIGGER c1 AFTER INSERT ON chapter BEGIN INSERT INTO log (what) VALUES ('+chapter ' || new.title); END;
    CREATE TRIGGER c2 AFTER UPDATE ON chapter BEGIN INSERT INTO log (what) VALUES ('~chapter ' || old.id); END;
    CREATE TRIGGER o2 AFTER UPDATE ON loan BEGIN INSERT INTO log (what) VALUES ('~loan ' || old.id); END;
    CREATE TRIGGER o1 AFTER INSERT ON loan BEGIN INSERT INTO log (what) VALUES ('+loan ' || new.holder_id); END;
    CREATE TRIGGER b1 AFTER INSERT ON book BEGIN INSERT INTO log (what) VALUES ('+book ' || new.slug); END;
    CREATE TRIGGER b2 AFTER UPDATE ON book BEGIN INSERT INTO log (what) VALUES ('~book ' || old.id); END;
    CREATE TRIGGER b3 AFTER DELETE ON book BEGIN INSERT INTO log (what) VALUES ('-book ' || old.id); END;
";
