//! An API over objects that are in no table: messages, in a hash of Redis.
//!
//! `cargo run --release --example redis` serves them. `--port 8000`, `--redis redis://127.0.0.1/` and `--key messages` say
//! otherwise.

#![expect(clippy::print_stdout, reason = "it tells what to try")]

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::{App, HttpServer};
use redis::{Cmd, Connection, FromRedisValue, cmd};
use serde::{Deserialize, Serialize};
use tastyrs::prelude::*;

/// How long Redis may take for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes a message where one is, in one step: else one that was deleted meanwhile would come back.
const REPLACE: &str = "if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end \
                       redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return 1";

/// What somebody says.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Message {
    id: i64,
    author: String,
    text: String,
}

/// The messages: anybody may read and write them.
#[derive(Resource)]
#[resource(object = Message, resource_name = "messages", authorization = Authorization)]
struct MessageResource {
    #[field(readonly)]
    id: Column<i64>,
    author: Column<String>,
    #[field(default = "")]
    text: Column<String>,
    #[field(skip)]
    messages: Messages,
}

/// They are called on blocking threads, so that they may wait for Redis.
impl ObjectSource for MessageResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Message>> {
        let stored: Vec<String> = self.messages.ask(cmd("HVALS").arg(&self.messages.key))?;
        let mut messages = stored
            .iter()
            .map(|stored| read(stored))
            .collect::<Result<Vec<_>>>()?;
        messages.sort_by_key(|message| message.id);
        Ok(messages)
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Message> {
        let stored: Option<String> = self
            .messages
            .ask(cmd("HGET").arg(&self.messages.key).arg(name))?;
        read(&stored.ok_or(Error::NotFound)?)
    }

    fn detail_uri(&self, message: &Message) -> String {
        message.id.to_string()
    }

    fn new_object(&self, _: &Request) -> Result<Message> {
        Ok(Message::default())
    }

    fn obj_create(&self, _: &Request, mut message: Message) -> Result<Message> {
        message.id = self
            .messages
            .ask(cmd("INCR").arg(format!("{}:last", self.messages.key)))?;
        let key = &self.messages.key;
        self.messages
            .ask::<()>(cmd("HSET").arg(key).arg(message.id).arg(written(&message)?))?;
        Ok(message)
    }

    fn obj_update(&self, _: &Request, name: &str, message: Message) -> Result<Message> {
        let replaced: bool = self.messages.ask(
            cmd("EVAL")
                .arg(REPLACE)
                .arg(1)
                .arg(&self.messages.key)
                .arg(name)
                .arg(written(&message)?),
        )?;
        if replaced {
            Ok(message)
        } else {
            Err(Error::NotFound)
        }
    }

    fn obj_delete(&self, _: &Request, name: &str) -> Result<()> {
        let deleted: bool = self
            .messages
            .ask(cmd("HDEL").arg(&self.messages.key).arg(name))?;
        if deleted {
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }
}

/// A hash of Redis: the messages as JSON, by their ids.
struct Messages {
    client: redis::Client,
    key: String,
    /// Connections that nobody uses now.
    idle: Mutex<Vec<Connection>>,
}

impl Messages {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks Redis over a connection of its own.
    fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().map_err(away)?,
        };
        match command.query(&mut connection) {
            Ok(answer) => {
                self.idle().push(connection);
                Ok(answer)
            }
            Err(error) => {
                // The others were opened before Redis went away, too.
                self.idle().clear();
                Err(away(error))
            }
        }
    }

    fn connect(&self) -> redis::RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(connection)
    }
}

/// What Redis says goes to the log, and to no client.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands in `map_err`, which gives its error away"
)]
fn away(error: redis::RedisError) -> Error {
    Error::Unreachable(error.to_string())
}

fn read(stored: &str) -> Result<Message> {
    serde_json::from_str(stored)
        .map_err(|error| Error::Configuration(format!("a message in Redis is none: {error}")))
}

fn written(message: &Message) -> Result<String> {
    serde_json::to_string(message)
        .map_err(|error| Error::Configuration(format!("a message cannot be written: {error}")))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What went wrong inside is told here, and to no client.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    let (port, url, key) = arguments()?;
    let messages = Messages {
        client: redis::Client::open(url)?,
        key,
        idle: Mutex::default(),
    };
    let api = Api::new("v1")
        .register(MessageResource::new(messages))
        .build()?;
    let server =
        HttpServer::new(move || App::new().service(api.scope("/api"))).bind(("127.0.0.1", port))?;
    println!("Try:\n");
    println!(
        "  curl -i http://127.0.0.1:{port}/api/v1/messages/ -H 'Content-Type: application/json' \
         -d '{{\"author\": \"Ada\", \"text\": \"Hello\"}}'"
    );
    println!("  curl -i http://127.0.0.1:{port}/api/v1/messages/\n");
    server.run().await?;
    Ok(())
}

/// The port, the address of Redis and the name of the hash, as the command line says.
fn arguments() -> Result<(u16, String, String), Box<dyn std::error::Error>> {
    let mut port = 8000;
    let (mut url, mut key) = ("redis://127.0.0.1/".to_owned(), "messages".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--port" => {
                port = value
                    .parse()
                    .map_err(|_| format!("--port {value} is no port"))?;
            }
            "--redis" => url = value,
            "--key" => key = value,
            _ => {
                return Err(format!(
                    "unknown option {option}; there are --port, --redis and --key"
                )
                .into());
            }
        }
    }
    Ok((port, url, key))
}
