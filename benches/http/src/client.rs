//! The least HTTP that measures a server: a request as bytes, and the answer read whole.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::Result;

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// What of it must be the same for all.
    pub fn in_words(&self, port: u16, status_alone: bool) -> String {
        if status_alone {
            return self.status.to_string();
        }
        let location = self.location.clone().unwrap_or_default();
        format!(
            "{} {} {}",
            self.status,
            location.replace(&port.to_string(), "PORT"),
            String::from_utf8_lossy(&self.body)
        )
    }
}

impl Client {
    pub fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Self {
            stream,
            buffer: vec![0; 1 << 16],
            filled: 0,
        })
    }

    /// Sends a request and reads its answer.
    pub fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.filled = 0;
        let head = loop {
            self.fill()?;
            let read = &self.buffer[..self.filled];
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        let header = |name: &str| {
            text.lines().find_map(|line| {
                let (known, value) = line.split_once(':')?;
                known
                    .eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
        };
        let length: usize = header("content-length").map_or(Ok(0), |length| length.parse())?;
        while self.filled < head + length {
            self.fill()?;
        }
        Ok(Answer {
            status: text.split(' ').nth(1).unwrap_or_default().parse()?,
            location: header("location"),
            body: self.buffer[head..head + length].to_vec(),
        })
    }

    /// Sends a request, and only sees to it that an answer of this status comes whole.
    pub fn expect(&mut self, request: &[u8], status: u16) -> Result<()> {
        let answer = self.send(request)?;
        if answer.status != status {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("{} in place of {status}: {body}", answer.status).into());
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..])? {
            0 => Err("the server hung up".into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}
