//! What differs between SQLite and PostgreSQL: how a value of a row is read, and where statements run.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
};

use actix_web::web;
use diesel::{
    Connection,
    connection::{LoadConnection, SimpleConnection},
    pg::{Pg, PgConnection, PgValue},
    sqlite::{Sqlite, SqliteConnection},
};

use tokio::sync::Semaphore;

use crate::{json, statement::Binds};

type Raw<'r, D> = <D as diesel::backend::Backend>::RawValue<'r>;

pub trait Db: Binds + diesel::backend::Backend + Sized + Send + Sync + 'static {
    const IS_REMOTE: bool;
    type Connection: LoadConnection<Backend = Self> + SimpleConnection + Send + 'static;
    fn open(url: &str) -> Self::Connection;
    fn int(value: Raw<'_, Self>) -> i64;
    fn flag(value: Raw<'_, Self>) -> bool;
    fn with_text<T>(value: Raw<'_, Self>, work: impl FnOnce(&str) -> T) -> T;
    fn moment(value: Raw<'_, Self>, out: &mut Vec<u8>);
}

impl Db for Sqlite {
    const IS_REMOTE: bool = false;
    type Connection = SqliteConnection;

    fn open(url: &str) -> SqliteConnection {
        let path = url.strip_prefix("sqlite://").unwrap_or(url);
        let mut connection = SqliteConnection::establish(path).expect("the database opens");
        connection
            .batch_execute(
                "PRAGMA busy_timeout=2000; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            )
            .expect("pragmas are known");
        connection
    }

    fn int(mut value: Raw<'_, Self>) -> i64 {
        value.read_long()
    }

    fn flag(mut value: Raw<'_, Self>) -> bool {
        value.read_integer() != 0
    }

    fn with_text<T>(mut value: Raw<'_, Self>, work: impl FnOnce(&str) -> T) -> T {
        work(value.read_text())
    }

    fn moment(mut value: Raw<'_, Self>, out: &mut Vec<u8>) {
        let text = value.read_text().as_bytes();
        let place = out.len() + 11;
        out.push(b'"');
        out.extend_from_slice(text);
        out.push(b'"');
        if let Some(separator) = out.get_mut(place) {
            *separator = b'T';
        }
    }
}

impl Db for Pg {
    const IS_REMOTE: bool = true;
    type Connection = PgConnection;

    fn open(url: &str) -> PgConnection {
        let mut connection = PgConnection::establish(url).expect("the database answers");
        connection
            .batch_execute("SET TIME ZONE 'UTC'")
            .expect("the time zone is known");
        connection
    }

    fn int(value: PgValue<'_>) -> i64 {
        match *value.as_bytes() {
            [a, b, c, d] => i64::from(i32::from_be_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => i64::from_be_bytes([a, b, c, d, e, f, g, h]),
            _ => 0,
        }
    }

    fn flag(value: PgValue<'_>) -> bool {
        value.as_bytes() == [1]
    }

    fn with_text<T>(value: PgValue<'_>, work: impl FnOnce(&str) -> T) -> T {
        work(std::str::from_utf8(value.as_bytes()).unwrap_or_default())
    }

    fn moment(value: PgValue<'_>, out: &mut Vec<u8>) {
        let micros = Self::int(value);
        let (days, micros) = (
            micros.div_euclid(86_400_000_000),
            micros.rem_euclid(86_400_000_000),
        );
        let (year, month, day) = civil(days + 10_957);
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        out.push(b'"');
        digits(year, 4, out);
        out.push(b'-');
        digits(month, 2, out);
        out.push(b'-');
        digits(day, 2, out);
        out.push(b'T');
        digits(seconds / 3600, 2, out);
        out.push(b':');
        digits(seconds / 60 % 60, 2, out);
        out.push(b':');
        digits(seconds % 60, 2, out);
        if fraction > 0 {
            out.push(b'.');
            digits(fraction, 6, out);
        }
        out.push(b'"');
    }
}

fn digits(mut number: i64, places: usize, out: &mut Vec<u8>) {
    let mut text = [b'0'; 6];
    for digit in text[..places].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text[..places]);
}

/// The date of a day since 1970 (Howard Hinnant's algorithm).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// How many connections blocking threads have, as many as the other servers.
const CONNECTIONS: usize = 8;

/// The connections that blocking threads take in turn.
pub struct Pool<D: Db> {
    free: Mutex<Vec<D::Connection>>,
    permits: Semaphore,
}

impl<D: Db> Pool<D> {
    pub fn new() -> Self {
        Self {
            free: Mutex::default(),
            permits: Semaphore::new(CONNECTIONS),
        }
    }
}

/// Where statements run: what is quick on a connection of the worker itself, the rest on blocking threads.
pub struct Store<D: Db> {
    url: String,
    own: Option<RefCell<D::Connection>>,
    /// The total of all notes, and the state of the database in which it was counted.
    pub total: RefCell<(i64, i64)>,
    pool: Arc<Pool<D>>,
}

impl<D: Db> Store<D> {
    pub fn open(url: &str, pool: &Arc<Pool<D>>) -> Self {
        Self {
            url: url.to_owned(),
            own: (!D::IS_REMOTE).then(|| RefCell::new(D::open(url))),
            total: RefCell::new((-1, 0)),
            pool: Arc::clone(pool),
        }
    }

    /// Runs what is quick: here, where the database is a file.
    pub fn here<T>(&self, work: impl FnOnce(&mut D::Connection) -> T) -> Option<T> {
        self.own.as_ref().map(|own| work(&mut own.borrow_mut()))
    }

    /// Runs what may take its time.
    pub async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut D::Connection) -> T + Send + 'static,
    ) -> T {
        let _permit = self.pool.permits.acquire().await.expect("it stays open");
        let (pool, url) = (Arc::clone(&self.pool), self.url.clone());
        web::block(move || {
            let free = pool.free.lock().expect("nobody panics").pop();
            let mut connection = free.unwrap_or_else(|| D::open(&url));
            let answer = work(&mut connection);
            pool.free.lock().expect("nobody panics").push(connection);
            answer
        })
        .await
        .expect("the thread ends")
    }
}

pub fn text<D: Db>(value: Raw<'_, D>, out: &mut Vec<u8>) {
    D::with_text(value, |text| json::string(text, out));
}
