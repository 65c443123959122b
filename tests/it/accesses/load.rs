//! Clients that call a process until it is gone, and know which calls were answered.

use std::{
    collections::HashSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// What became of the calls of several clients.
#[derive(Default)]
pub struct Load {
    /// The addresses of calls that were answered with 200.
    pub answered: HashSet<String>,
    /// The addresses of calls whose answer broke off.
    pub cut: Vec<String>,
    /// The longest that a client waited for a whole answer.
    pub worst: Duration,
}

/// Has clients call, each its own addresses, until nobody answers; `meanwhile` is told how many answers there were.
pub fn load(port: u16, clients: usize, round: usize, meanwhile: impl FnOnce(&AtomicUsize)) -> Load {
    let answers = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let calling: Vec<_> = (0..clients)
            .map(|client| {
                let answers = &answers;
                scope.spawn(move || {
                    call(port, &format!("{round}.{client}"), client % 2 == 0, answers)
                })
            })
            .collect();
        meanwhile(&answers);
        let mut load = Load::default();
        for calling in calling {
            let of_one = calling.join().unwrap();
            load.answered.extend(of_one.answered);
            load.cut.extend(of_one.cut);
            load.worst = load.worst.max(of_one.worst);
        }
        load
    })
}

/// Calls until nobody answers any more.
fn call(port: u16, client: &str, keeps_alive: bool, answers: &AtomicUsize) -> Load {
    let mut load = Load::default();
    let mut kept: Option<TcpStream> = None;
    for number in 0.. {
        let url = format!("/api/v1/notes/7/?call={client}.{number}");
        let Some(mut stream) = kept.take().or_else(|| connect(port)) else {
            return load;
        };
        let connection = if keeps_alive { "keep-alive" } else { "close" };
        let request = format!("GET {url} HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n");
        let began = Instant::now();
        if stream.write_all(request.as_bytes()).is_err() {
            continue;
        }
        match answer(&mut stream) {
            Answer::Whole { status, closes } => {
                if status == 200 {
                    load.answered.insert(url);
                }
                load.worst = load.worst.max(began.elapsed());
                answers.fetch_add(1, Ordering::SeqCst);
                kept = (keeps_alive && !closes).then_some(stream);
            }
            Answer::None => {}
            Answer::Cut => load.cut.push(url),
        }
    }
    load
}

fn connect(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .ok()?;
    Some(stream)
}

enum Answer {
    Whole {
        status: u16,
        closes: bool,
    },
    /// Not a byte of it came.
    None,
    Cut,
}

fn answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) if bytes.is_empty() => return Answer::None,
            Ok(0) | Err(_) => return Answer::Cut,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let header = |name: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let length: usize = header("content-length:").map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            return Answer::Whole {
                status: head.split(' ').nth(1).unwrap().parse().unwrap(),
                closes: header("connection:") == Some("close"),
            };
        }
    }
}
