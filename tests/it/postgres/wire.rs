//! What goes over the wire between a program and the server, counted and cut.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Stands between a program and the server.
pub(crate) struct Wire {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    round_trips: AtomicUsize,
    /// Whether the next that is asked is answered by the end of the connection.
    cut_next: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Wire {
    /// Stands in front of the server at this address, `postgres://user@host:port/name`.
    pub(crate) fn before(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (user, rest) = rest
            .rsplit_once('@')
            .map_or(("", rest), |(user, rest)| (user, rest));
        let (server, name) = rest.split_once('/').unwrap();
        let server = if server.contains(':') {
            server.to_owned()
        } else {
            format!("{server}:5432")
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server,
            round_trips: AtomicUsize::new(0),
            cut_next: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                carry(client, &accepting);
            }
        });
        let at = if user.is_empty() { "" } else { "@" };
        // What is encrypted cannot be counted.
        let url = format!(
            "{scheme}://{user}{at}127.0.0.1:{port}/{name}?sslmode=disable&gssencmode=disable"
        );
        (Self { port, shared }, url)
    }

    /// How often the program asked and waited for an answer.
    pub(crate) fn round_trips(&self) -> usize {
        self.shared.round_trips.load(Ordering::SeqCst)
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Ends a connection as soon as something is asked on it.
    pub(crate) fn cut_next(&self) {
        self.shared.cut_next.store(true, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
        // The thread that accepts ends with the process; nothing more is carried.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn carry(client: TcpStream, shared: &Arc<Shared>) {
    let Ok(server) = TcpStream::connect(&shared.server) else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let mut open = shared.open.lock().unwrap();
    open.push(client.try_clone().unwrap());
    open.push(server.try_clone().unwrap());
    drop(open);
    // Whether the program spoke last.
    let asked = Arc::new(AtomicBool::new(false));
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (there, counting) = (Arc::clone(&asked), Arc::clone(shared));
    std::thread::spawn(move || {
        pass(&mut from_client, &mut to_server, || {
            if counting.cut_next.swap(false, Ordering::SeqCst) {
                return false;
            }
            if !there.swap(true, Ordering::SeqCst) {
                counting.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            true
        });
    });
    let (mut from_server, mut to_client) = (server, client);
    std::thread::spawn(move || {
        pass(&mut from_server, &mut to_client, || {
            asked.store(false, Ordering::SeqCst);
            true
        });
    });
}

/// Passes on what comes, for as long as it may.
fn pass(from: &mut TcpStream, to: &mut TcpStream, mut may: impl FnMut() -> bool) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if !may() || to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
