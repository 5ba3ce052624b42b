//! The request line, read before the handshake so that a request can also be refused or be plain HTTP.

use std::io;

use tokio::net::TcpStream;

/// Longest request head that is looked at.
const MAX_HEAD: usize = 16 * 1024;

/// What the client asked for.
#[derive(Debug)]
pub(crate) struct Request {
    /// Path without the query.
    pub(crate) path: String,
    /// Decoded pairs of the query.
    query: Vec<(String, String)>,
    /// Whether it is a WebSocket handshake.
    pub(crate) upgrade: bool,
}

impl Request {
    /// Waits for a complete request head and leaves it in the socket.
    pub(crate) async fn peek(stream: &TcpStream) -> io::Result<Self> {
        let mut buffer = vec![0; MAX_HEAD];
        loop {
            stream.readable().await?;
            let length = stream.peek(&mut buffer).await?;
            let head = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
            if let Some((head, _)) = head.split_once("\r\n\r\n") {
                return Self::parse(head);
            }
            if length == 0 || length == MAX_HEAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            tokio::task::yield_now().await;
        }
    }

    fn parse(head: &str) -> io::Result<Self> {
        let target = head
            .split(' ')
            .nth(1)
            .ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Self {
            path: path.to_owned(),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), decode(value)))
                .collect(),
            upgrade: head.to_ascii_lowercase().contains("upgrade: websocket"),
        })
    }

    /// A value of the query.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.query.iter().find(|(other, _)| other == name);
        pair.map(|(_, value)| value.as_str())
    }

    /// A number of the query.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// The name under which the connection is counted.
    pub(crate) fn key(&self) -> &str {
        self.text("key").unwrap_or_default()
    }
}

fn decode(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).ok();
                digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() {
            tail.get(2..).unwrap_or_default()
        } else {
            tail
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
