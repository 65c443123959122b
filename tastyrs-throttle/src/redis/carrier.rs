//! The task that carries what is asked over a line.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use redis::{Client, Cmd, ConnectionAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::runtime::Id;
use tokio::time::{Sleep, sleep, sleep_until, timeout};

use super::answers::Answer;
use super::connection::State;
use super::driver::ATTEMPT;
use super::line::{Line, Stage};
use super::wire::{Frame, Malformed, frame};

/// How long a runtime whose line could not be made goes without.
const REST: Duration = Duration::from_secs(1);
/// How much of an answer that is not all there is kept, at most.
const ANSWER: usize = 1 << 21;
/// How much is read at once, at first.
const READ: usize = 4_096;

/// Where a line leads, and with what it begins.
#[derive(Clone)]
pub(super) struct Address {
    to: To,
    greeting: Arc<[u8]>,
    greetings: usize,
}

#[derive(Clone)]
enum To {
    Tcp(Arc<str>, u16),
    #[cfg(unix)]
    Unix(Arc<std::path::Path>),
}

impl Address {
    /// Nothing where it is reached otherwise, as by TLS.
    pub(super) fn of(client: &Client) -> Option<Self> {
        let info = client.get_connection_info();
        let to = match info.addr() {
            ConnectionAddr::Tcp(host, port) => To::Tcp(host.as_str().into(), *port),
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => To::Unix(path.as_path().into()),
            _ => return None,
        };
        let settings = info.redis_settings();
        let mut commands = Vec::new();
        if let Some(password) = settings.password() {
            let mut auth = redis::cmd("AUTH");
            if let Some(username) = settings.username() {
                auth.arg(username);
            }
            commands.push(auth.arg(password).clone());
        }
        if settings.db() != 0 {
            commands.push(redis::cmd("SELECT").arg(settings.db()).clone());
        }
        // One that is frozen takes connections, too.
        commands.push(redis::cmd("PING"));
        Some(Self {
            to,
            greetings: commands.len(),
            greeting: commands
                .iter()
                .flat_map(Cmd::get_packed_command)
                .collect::<Vec<_>>()
                .into(),
        })
    }

    async fn connect(&self) -> io::Result<Pin<Box<dyn Socket>>> {
        Ok(match &self.to {
            To::Tcp(host, port) => {
                let socket = TcpStream::connect((&**host, *port)).await?;
                socket.set_nodelay(true)?;
                Box::pin(socket)
            }
            #[cfg(unix)]
            To::Unix(path) => Box::pin(UnixStream::connect(path).await?),
        })
    }
}

trait Socket: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Socket for S {}

/// Makes the line and carries what is asked over it, until it is closed, the connection fails, or
/// its runtime ends.
pub(super) async fn carry(address: Address, line: Arc<Line>, state: Arc<State>, id: Id) {
    let end = End { line, state, id };
    let (line, state) = (&*end.line, &*end.state);
    let Ok(Ok(mut carrier)) = timeout(ATTEMPT, Carrier::open(&address)).await else {
        sleep(REST).await;
        return;
    };
    {
        let mut ends = line.lock();
        // It may have been closed because Redis went away meanwhile.
        if ends.stage != Stage::Connecting {
            return;
        }
        ends.stage = Stage::Open;
    }
    let ended = poll_fn(|cx| carrier.poll(line, state, cx)).await;
    if let Ended::Late = ended {
        // The driver tries for a new one, and closes this and all others.
        state.went_away("no answer within the budget");
        state.nudge();
    }
}

/// A line whose task ends.
struct End {
    line: Arc<Line>,
    state: Arc<State>,
    id: Id,
}

impl Drop for End {
    fn drop(&mut self) {
        // Where it cannot be made without a panic, it is not made again.
        if !std::thread::panicking() {
            self.state.lines.forget(self.id);
        }
        for errand in self.line.close(true) {
            self.state.owe(errand);
        }
        self.state.nudge();
    }
}

/// Why a line ends.
enum Ended {
    /// It was closed.
    Closed,
    /// The connection failed.
    Lost,
    /// An answer did not come in time.
    Late,
}

impl From<Malformed> for Ended {
    fn from(_: Malformed) -> Self {
        Self::Lost
    }
}

struct Carrier {
    socket: Pin<Box<dyn Socket>>,
    /// What was read, up to `end`: an answer that is not all there.
    read: Vec<u8>,
    end: usize,
    /// The numbers of the answer that was read last.
    numbers: Vec<i64>,
    /// Who is to be woken.
    woken: Vec<Waker>,
    /// What is being sent, and how much of it was.
    sending: Vec<u8>,
    sent: usize,
    /// Runs out when an answer may be late. It is set for the first of those on their way, and not
    /// moved when they are answered.
    timer: Pin<Box<Sleep>>,
    is_set_for: Option<Instant>,
}

impl Carrier {
    async fn open(address: &Address) -> io::Result<Self> {
        let mut carrier = Self {
            socket: address.connect().await?,
            read: vec![0; READ],
            end: 0,
            numbers: Vec::new(),
            woken: Vec::new(),
            sending: address.greeting.to_vec(),
            sent: 0,
            timer: Box::pin(sleep_until(Instant::now().into())),
            is_set_for: None,
        };
        let mut greetings = address.greetings;
        poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = carrier.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
            while greetings > 0 {
                let read = &carrier.read[..carrier.end];
                match frame(read, &mut carrier.numbers) {
                    Ok(Some((Frame::Simple, length))) => {
                        carrier.take(length);
                        greetings -= 1;
                    }
                    Ok(None) => ready!(carrier.poll_read(cx))?,
                    // What is wrong with it, the driver tells.
                    _ => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        Ok(carrier)
    }

    fn poll(&mut self, line: &Line, state: &State, cx: &mut Context<'_>) -> Poll<Ended> {
        // What was answered in time is read before anybody is late, however long this worker was
        // busy: its runtime looks at connections first, and at timers then.
        loop {
            match self.poll_read(cx) {
                Poll::Ready(Ok(())) => {
                    if let Err(ended) = self.hand_out(line, state) {
                        return Poll::Ready(ended);
                    }
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Ended::Lost),
                Poll::Pending => break,
            }
        }
        loop {
            if let Poll::Ready(Err(_)) = self.poll_send(cx) {
                return Poll::Ready(Ended::Lost);
            }
            let mut ends = line.lock();
            if ends.stage == Stage::Closed {
                return Poll::Ready(Ended::Closed);
            }
            if ends.unsent.is_empty() || !self.sending.is_empty() {
                ends.wait(cx);
                break;
            }
            mem::swap(&mut self.sending, &mut ends.unsent);
            let deadline = ends.sent();
            drop(ends);
            self.set_for(deadline);
        }
        while self.is_set_for.is_some() {
            if self.timer.as_mut().poll(cx).is_pending() {
                break;
            }
            let deadline = line.lock().deadline();
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Poll::Ready(Ended::Late);
            }
            self.is_set_for = None;
            self.set_for(deadline);
        }
        Poll::Pending
    }

    fn set_for(&mut self, deadline: Option<Instant>) {
        if let Some(deadline) = deadline
            && self.is_set_for.is_none_or(|earlier| deadline < earlier)
        {
            self.is_set_for = Some(deadline);
            self.timer.as_mut().reset(deadline.into());
        }
    }

    /// Answers as many as were read.
    fn hand_out(&mut self, line: &Line, state: &State) -> Result<(), Ended> {
        let (mut begin, mut errands) = (0, Vec::new());
        let mut ends = line.lock();
        let ended = loop {
            let read = &self.read[begin..self.end];
            let (frame, length) = match frame(read, &mut self.numbers) {
                Ok(Some(frame)) => frame,
                Ok(None) => break Ok(()),
                Err(malformed) => break Err(malformed.into()),
            };
            begin += length;
            let answer = match frame {
                Frame::Numbers(numbers) => Answer::Numbers(numbers),
                Frame::Error(error) if is_its_own(&error) => Answer::Error(error),
                // Such as a full Redis, or one that became a replica: the driver finds out.
                Frame::Error(_) | Frame::Simple => break Err(Ended::Lost),
            };
            errands.extend(ends.answer(answer, &mut self.woken));
        };
        drop(ends);
        self.woken.drain(..).for_each(Waker::wake);
        self.take(begin);
        if !errands.is_empty() {
            for errand in errands {
                state.owe(errand);
            }
            state.nudge();
        }
        ended
    }

    /// Takes so many bytes off what was read.
    fn take(&mut self, length: usize) {
        self.read.copy_within(length..self.end, 0);
        self.end -= length;
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.end == self.read.len() {
            if self.end > ANSWER {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            self.read.resize(2 * self.end, 0);
        }
        let mut buffer = ReadBuf::new(&mut self.read[self.end..]);
        ready!(self.socket.as_mut().poll_read(cx, &mut buffer))?;
        match buffer.filled().len() {
            0 => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            length => {
                self.end += length;
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.sending.len() {
            let rest = &self.sending[self.sent..];
            match ready!(self.socket.as_mut().poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        self.sending.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

/// Whether another question may well be answered.
fn is_its_own(error: &str) -> bool {
    ["NOSCRIPT", "WRONGTYPE"]
        .iter()
        .any(|code| error.starts_with(code))
}
