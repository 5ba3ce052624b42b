//! Transports: one WebSocket, or a row of HTTP requests.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use everwire_core::{
    Span,
    codec::Frame,
    protocol::engine_io::{
        Outgoing, Packet as EnginePacket, PacketType, PayloadError, PayloadWriter,
    },
    protocol::socket_io::client::{Part, TransportId},
};

use crate::driver::{self, Event, Http, Reply};

use super::packet::{Packet, text_of};

/// What a transport reports.
pub(super) enum Signal {
    /// The WebSocket is open.
    Opened,
    /// A WebSocket message.
    Frame(Frame),
    /// The body of an answered poll.
    Body(String),
    /// The latest batch left.
    Sent,
    /// No request is in flight.
    Paused,
    /// It is over.
    Lost { failed: bool, detail: String },
}

type Listener = Rc<dyn Fn(TransportId, Signal)>;

/// What all requests of a connection share.
#[derive(Clone)]
pub(super) struct Target {
    /// `host/path/?query&EIO=4`, without scheme and transport.
    pub(super) address: Rc<str>,
    pub(super) secure: bool,
    pub(super) headers: Rc<[(String, String)]>,
    pub(super) credentials: bool,
    /// Whether each request has a parameter of its own against caches.
    pub(super) timestamps: bool,
    pub(super) request_timeout: Option<Span>,
}

impl Target {
    pub(super) fn url(&self, websocket: bool, sid: Option<&str>) -> String {
        let scheme = match (websocket, self.secure) {
            (true, true) => "wss",
            (true, false) => "ws",
            (false, true) => "https",
            (false, false) => "http",
        };
        let transport = if websocket { "websocket" } else { "polling" };
        let mut url = format!("{scheme}://{}&transport={transport}", self.address);
        if let Some(sid) = sid {
            url.push_str("&sid=");
            url.push_str(&escape(sid));
        }
        url
    }
}

/// Percent-encodes all but letters, digits and `-_.~` (RFC 3986 section 2.3).
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

/// A transport of the current connection. Dropping it ends it.
pub(super) enum Wire {
    WebSocket(driver::WebSocket),
    Polling(Rc<Polling>),
}

impl Wire {
    pub(super) fn websocket(
        id: TransportId,
        target: &Target,
        sid: Option<&str>,
        listener: Listener,
    ) -> Result<Self, String> {
        let url = target.url(true, sid);
        let opened = Cell::new(false);
        let open = driver::WebSocket::open(&url, &[], move |event| {
            let signal = match event {
                Event::Open(_) => {
                    opened.set(true);
                    Signal::Opened
                }
                Event::Message(frame) => Signal::Frame(frame),
                Event::Close {
                    code,
                    reason,
                    clean,
                } => Signal::Lost {
                    failed: !opened.get(),
                    detail: if reason.is_empty() {
                        format!("websocket closed with code {code}{}", unclean(clean))
                    } else {
                        reason
                    },
                },
            };
            listener(id, signal);
        })?;
        Ok(Self::WebSocket(open))
    }

    pub(super) fn polling(
        id: TransportId,
        target: Target,
        sid: Option<String>,
        listener: Listener,
    ) -> Self {
        Self::Polling(Rc::new_cyclic(|me| Polling {
            me: me.clone(),
            id,
            target,
            sid: RefCell::new(sid),
            listener,
            get: RefCell::new(None),
            post: RefCell::new(None),
            paused: Cell::new(false),
        }))
    }

    /// Writes packets. `Ok(true)` if they have left already.
    pub(super) fn write(&self, packets: &[Outgoing<Part<Packet>>]) -> Result<bool, String> {
        match self {
            Self::WebSocket(socket) => {
                for packet in packets {
                    if !socket.send(&frame_of(packet)) {
                        return Err("the websocket is closing".to_owned());
                    }
                }
                Ok(true)
            }
            Self::Polling(polling) => {
                polling.write(packets)?;
                Ok(false)
            }
        }
    }

    pub(super) fn control(&self, kind: PacketType, data: &str) -> Result<(), String> {
        let mut text = String::new();
        EnginePacket::Text { kind, data }.encode_text(&mut text);
        match self {
            Self::Polling(polling) => polling.post(&text),
            Self::WebSocket(socket) if socket.send(&Frame::Text(text)) => Ok(()),
            Self::WebSocket(_) => Err("the websocket is closing".to_owned()),
        }
    }

    /// Bytes that the browser has not sent. A socket that is over but has not said so takes nothing.
    pub(super) fn buffered(&self) -> usize {
        match self {
            Self::WebSocket(socket) if socket.is_open() => socket.buffered(),
            Self::WebSocket(_) => usize::MAX,
            Self::Polling(_) => 0,
        }
    }
}

fn unclean(clean: bool) -> &'static str {
    if clean { "" } else { ", without a goodbye" }
}

fn frame_of(packet: &Outgoing<Part<Packet>>) -> Frame {
    let message = |data: &str| Frame::Text(format!("4{data}"));
    match packet {
        Outgoing::Pong(data) => Frame::Text(format!("3{data}")),
        Outgoing::Close => Frame::Text("1".to_owned()),
        Outgoing::Message(Part::Attachment { payload, index }) => {
            Frame::Binary(payload.attachment(*index).to_vec())
        }
        Outgoing::Message(part) => message(&text_of(part)),
    }
}

/// HTTP long-polling: at most one GET and one POST at a time; a second one would cost the session.
pub(super) struct Polling {
    me: Weak<Polling>,
    id: TransportId,
    target: Target,
    /// Unknown before the handshake.
    sid: RefCell<Option<String>>,
    listener: Listener,
    get: RefCell<Option<Http>>,
    post: RefCell<Option<Http>>,
    paused: Cell<bool>,
}

impl Polling {
    /// The handshake told the session's id.
    pub(super) fn set_sid(&self, sid: &str) {
        self.sid.replace(Some(sid.to_owned()));
    }

    /// Asks for the next packets, unless paused or asking already.
    pub(super) fn poll(&self) {
        if self.paused.get() || self.get.borrow().is_some() {
            return;
        }
        let me = self.me.clone();
        let sent = self.send(None, move |reply| {
            let Some(me) = me.upgrade() else {
                return;
            };
            drop(me.get.take());
            match reply {
                Reply::Done { status: 200, text } => {
                    (me.listener)(me.id, Signal::Body(text));
                    if me.paused.get() && me.get.borrow().is_none() {
                        (me.listener)(me.id, Signal::Paused);
                    }
                }
                other => me.fail("poll", other),
            }
        });
        match sent {
            Ok(request) => drop(self.get.replace(Some(request))),
            Err(detail) => self.lost(detail),
        }
    }

    pub(super) fn pause(&self) {
        self.paused.set(true);
        if self.get.borrow().is_none() {
            (self.listener)(self.id, Signal::Paused);
        }
    }

    pub(super) fn resume(&self) {
        self.paused.set(false);
        self.poll();
    }

    fn write(&self, packets: &[Outgoing<Part<Packet>>]) -> Result<(), String> {
        // The session has chosen as many as fit.
        let mut body = PayloadWriter::new(None);
        for packet in packets {
            let pushed = match packet {
                Outgoing::Pong(data) => push(&mut body, PacketType::Pong, data),
                Outgoing::Close => push(&mut body, PacketType::Close, ""),
                Outgoing::Message(Part::Attachment { payload, index }) => body
                    .push(&EnginePacket::binary(payload.attachment(*index)))
                    .map(drop),
                Outgoing::Message(part) => push(&mut body, PacketType::Message, &text_of(part)),
            };
            pushed.map_err(|error| error.to_string())?;
        }
        self.post(&body.finish())
    }

    fn post(&self, body: &str) -> Result<(), String> {
        let me = self.me.clone();
        let request = self.send(Some(body), move |reply| {
            let Some(me) = me.upgrade() else {
                return;
            };
            drop(me.post.take());
            match reply {
                Reply::Done { status: 200, .. } => (me.listener)(me.id, Signal::Sent),
                other => me.fail("post", other),
            }
        })?;
        drop(self.post.replace(Some(request)));
        Ok(())
    }

    fn send(&self, body: Option<&str>, reply: impl Fn(Reply) + 'static) -> Result<Http, String> {
        let mut url = self.target.url(false, self.sid.borrow().as_deref());
        if self.target.timestamps {
            url.push_str("&t=");
            let stamp = driver::seed();
            url.extend(
                (0..8).filter_map(|place| char::from_digit((stamp >> (place * 8) & 31) as u32, 36)),
            );
        }
        Http::send(
            &driver::Request {
                url: &url,
                body,
                headers: &self.target.headers,
                credentials: self.target.credentials,
                timeout: self.target.request_timeout,
                pieces: false,
            },
            reply,
        )
    }

    fn fail(&self, what: &str, reply: Reply) {
        self.lost(match reply {
            Reply::Done { status, text } => {
                let hint = if text.contains("Session ID unknown") {
                    ": several servers behind one address need sticky routing, or transports without polling"
                } else {
                    ""
                };
                let text = text.chars().take(200).collect::<String>();
                format!("{what}: the server answered {status} {text}{hint}")
            }
            Reply::Failed(reason) => format!("{what}: {reason}"),
            Reply::Piece(_) => return,
        });
    }

    fn lost(&self, detail: String) {
        let failed = true;
        (self.listener)(self.id, Signal::Lost { failed, detail });
    }
}

fn push(body: &mut PayloadWriter, kind: PacketType, data: &str) -> Result<(), PayloadError> {
    body.push(&EnginePacket::Text { kind, data }).map(drop)
}
