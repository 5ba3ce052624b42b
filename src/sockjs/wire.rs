//! One SockJS session in the browser: does what the core's session says, and looks like a socket from above.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use everwire_core::{
    codec::Frame as Message,
    protocol::sockjs::{
        Arrival, Cause, Frame, Info, Input, Lines, Loss, MAX_LINE, Output, Received, Session,
        Transport, event_data, write_messages,
    },
};

use wasm_bindgen_futures::spawn_local;

use crate::driver::{self, Base, Event, Http, Reply, Request, Timer, WebSocket};

use super::Options;

/// Length of the line at the beginning of xhr-streaming.
const PRELUDE: usize = 2_048;
/// The code of a connection that could not be made (RFC 6455 section 7.4.1).
const NO_CONNECTION: u16 = 1_006;

/// A session with everything it holds. Dropping it ends all requests and reports nothing more.
pub(crate) struct SockJs {
    shared: Rc<Shared>,
}

struct Shared {
    me: Weak<Shared>,
    options: Rc<Options>,
    listener: Box<dyn Fn(Event)>,
    session: RefCell<Session>,
    timer: Timer,
    /// Where the transports are: `/info` may move them.
    base: RefCell<Base>,
    /// `/SERVER/SESSION` of the attempt.
    path: RefCell<String>,
    transport: Cell<Transport>,
    info: RefCell<Option<Http>>,
    socket: RefCell<Option<WebSocket>>,
    receiver: RefCell<Option<Http>>,
    lines: RefCell<Lines>,
    sender: RefCell<Option<Http>>,
    /// Messages that wait for a batch.
    queue: RefCell<VecDeque<String>>,
    /// Bytes of these, and of the batch under way.
    queued: Cell<usize>,
    in_flight: Cell<usize>,
    /// Messages before the open frame.
    held: RefCell<Vec<String>>,
    open: Cell<bool>,
    pumping: Cell<bool>,
    /// Why the next end comes, as far as the transport or the server said.
    reason: RefCell<String>,
    goodbye: RefCell<(u16, String)>,
}

impl SockJs {
    /// Begins a session with the server at `url`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(crate) fn open(
        url: &str,
        options: &Rc<Options>,
        listener: impl Fn(Event) + 'static,
    ) -> Result<Self, String> {
        let mut base = driver::base_of(url)?;
        base.path.truncate(base.path.trim_end_matches('/').len());
        let shared = Rc::new_cyclic(|me: &Weak<Shared>| {
            let on_timer = me.clone();
            Shared {
                me: me.clone(),
                options: Rc::clone(options),
                listener: Box::new(listener),
                session: RefCell::new(Session::new(options.config)),
                timer: Timer::new(move || {
                    if let Some(shared) = on_timer.upgrade() {
                        shared.handle(Input::Tick);
                    }
                }),
                base: RefCell::new(base),
                path: RefCell::default(),
                transport: Cell::new(Transport::WebSocket),
                info: RefCell::default(),
                socket: RefCell::default(),
                receiver: RefCell::default(),
                lines: RefCell::default(),
                sender: RefCell::default(),
                queue: RefCell::default(),
                queued: Cell::new(0),
                in_flight: Cell::new(0),
                held: RefCell::default(),
                open: Cell::new(false),
                pumping: Cell::new(false),
                reason: RefCell::default(),
                goodbye: RefCell::default(),
            }
        });
        shared.handle(Input::Start);
        Ok(Self { shared })
    }

    /// Sends a message. `false` if it would not be sent: before and after the session, and for bytes.
    pub(crate) fn send(&self, frame: &Message) -> bool {
        let (Some(text), shared) = (frame.as_text(), &self.shared) else {
            return false;
        };
        if !self.is_open() || shared.session.borrow_mut().send(driver::now()).is_err() {
            return false;
        }
        shared.queued.set(shared.queued.get() + text.len());
        shared.queue.borrow_mut().push_back(text.to_owned());
        shared.pump();
        true
    }

    /// Sends what waits, then ends the session; the close event follows.
    pub(crate) fn close(&self, code: Option<u16>, reason: &str) {
        let goodbye = (code.unwrap_or(1_000), reason.to_owned());
        self.shared.goodbye.replace(goodbye);
        self.shared.later(Input::Close);
    }

    /// Bytes that have not left, or are not known to have arrived.
    pub(crate) fn buffered(&self) -> usize {
        let socket = self.shared.socket.borrow();
        let socket = socket.as_ref().map_or(0, WebSocket::buffered);
        self.shared.queued.get() + self.shared.in_flight.get() + socket
    }

    pub(crate) fn is_open(&self) -> bool {
        let socket = self.shared.socket.borrow();
        self.shared.open.get() && socket.as_ref().is_none_or(WebSocket::is_open)
    }
}

impl Shared {
    fn handle(&self, input: Input) {
        self.session.borrow_mut().handle(driver::now(), input);
        self.pump();
    }

    /// Does what the session says until it says nothing more.
    fn pump(&self) {
        if self.pumping.replace(true) {
            return;
        }
        loop {
            let output = self.session.borrow_mut().poll();
            match output {
                Some(output) => self.obey(output),
                None => break,
            }
        }
        self.pumping.set(false);
        let now = driver::now();
        match self.session.borrow().next_wake() {
            Some(due) => self.timer.arm(due.since(now)),
            None => self.timer.disarm(),
        }
    }

    fn obey(&self, output: Output) {
        match output {
            Output::Ask => self.ask(),
            Output::Dial { attempt, transport } => self.dial(attempt, transport),
            Output::Receive { attempt } => self.receive(attempt),
            Output::Write { attempt, count } => self.write(attempt, count),
            Output::Detach { .. } => {
                drop(self.receiver.take());
                drop(self.sender.take());
                drop(self.socket.take());
                self.held.take();
            }
            Output::Opened { transport } => {
                self.open.set(true);
                // What failed before this transport is not why it will end.
                self.reason.take();
                (self.listener)(Event::Open(transport.name().to_owned()));
                for message in self.held.take() {
                    self.deliver(message);
                }
            }
            Output::Closed { code, cause, clean } => self.closed(code, cause, clean),
        }
    }

    fn ask(&self) {
        let me = self.me.clone();
        let request = self.request("/info", None, false, move |reply| {
            let Some(me) = me.upgrade() else {
                return;
            };
            drop(me.info.take());
            match reply {
                Reply::Done { status: 200, text } => {
                    let info = Info::parse(&text).unwrap_or_default();
                    if let Some(mut base) = info.base_url.and_then(|url| driver::base_of(&url).ok())
                    {
                        base.path.truncate(base.path.trim_end_matches('/').len());
                        me.base.replace(base);
                    }
                    me.handle(Input::Info {
                        websocket: info.websocket,
                    });
                }
                other => {
                    me.reason.replace(format!("info: {}", text_of(other)));
                    me.handle(Input::InfoFailed);
                }
            }
        });
        match request {
            Ok(request) => drop(self.info.replace(Some(request))),
            Err(reason) => self.refused(reason, Input::InfoFailed),
        }
    }

    fn dial(&self, attempt: u32, transport: Transport) {
        self.transport.set(transport);
        // Server and session are the client's choice (protocol, "Session URLs").
        let (server, session) = (driver::seed() % 1_000, driver::seed());
        self.path.replace(format!("/{server:03}/{session:016x}"));
        if transport.is_http() {
            return self.receive(attempt);
        }
        let url = self.url(Transport::WebSocket.path(), true);
        let me = self.me.clone();
        let socket = WebSocket::open(&url, &[], move |event| {
            if let Some(me) = me.upgrade() {
                match event {
                    // Open is what the server's first frame says.
                    Event::Open(_) => {}
                    Event::Message(Message::Text(text)) => me.frame(attempt, &text),
                    Event::Message(Message::Binary(_)) => me.arrived(attempt, Arrival::Malformed),
                    Event::Close { code, reason, .. } => {
                        let loss = Loss::Socket { code };
                        me.failed(reason, Input::Lost { attempt, loss });
                    }
                }
            }
        });
        match socket {
            Ok(socket) => drop(self.socket.replace(Some(socket))),
            Err(reason) => {
                let loss = Loss::Socket {
                    code: NO_CONNECTION,
                };
                self.refused(reason, Input::Lost { attempt, loss });
            }
        }
    }

    /// Starts a request that receives.
    fn receive(&self, attempt: u32) {
        let transport = self.transport.get();
        let is_event_stream = transport == Transport::EventSource;
        self.lines.replace(Lines::default());
        let me = self.me.clone();
        let body = (!is_event_stream).then_some("");
        let request = self.request(transport.path(), body, true, move |reply| {
            let Some(me) = me.upgrade() else {
                return;
            };
            let (piece, end) = match reply {
                Reply::Piece(piece) => (piece, None),
                Reply::Done { status: 200, text } => (text, Some(Input::Answered { attempt })),
                other => {
                    let loss = Loss::Receiver;
                    me.reason
                        .replace(format!("{}: {}", transport.name(), text_of(other)));
                    (String::new(), Some(Input::Lost { attempt, loss }))
                }
            };
            let mut frames = Vec::new();
            let whole = me.lines.borrow_mut().push(&piece, |line| {
                if !is_event_stream {
                    frames.push(line.to_owned());
                } else if let Some(data) = event_data(line) {
                    frames.push(data.into_owned());
                }
            });
            for frame in frames {
                me.frame(attempt, &frame);
            }
            if whole.is_err() {
                me.arrived(attempt, Arrival::TooLong);
            }
            if let Some(end) = end {
                me.handle(end);
            }
        });
        match request {
            Ok(request) => drop(self.receiver.replace(Some(request))),
            Err(reason) => {
                let loss = Loss::Receiver;
                self.refused(reason, Input::Lost { attempt, loss });
            }
        }
    }

    fn write(&self, attempt: u32, count: u32) {
        let batch: Vec<String> = {
            let mut queue = self.queue.borrow_mut();
            let count = queue.len().min(count as usize);
            queue.drain(..count).collect()
        };
        let bytes: usize = batch.iter().map(String::len).sum();
        self.queued.set(self.queued.get() - bytes);
        if !self.transport.get().is_http() {
            let socket = self.socket.borrow();
            for message in batch {
                let mut text = String::new();
                write_messages([message], &mut text);
                if let Some(socket) = &*socket {
                    socket.send(&Message::Text(text));
                }
            }
            return;
        }
        let mut body = String::new();
        write_messages(&batch, &mut body);
        self.in_flight.set(bytes);
        let me = self.me.clone();
        let request = self.request("xhr_send", Some(&body), false, move |reply| {
            let Some(me) = me.upgrade() else {
                return;
            };
            drop(me.sender.take());
            match reply {
                Reply::Done {
                    status: 200 | 204, ..
                } => {
                    me.in_flight.set(0);
                    me.handle(Input::Sent { attempt });
                }
                other => {
                    let loss = Loss::Sender;
                    me.failed(
                        format!("sending: {}", text_of(other)),
                        Input::Lost { attempt, loss },
                    );
                }
            }
        });
        match request {
            Ok(request) => drop(self.sender.replace(Some(request))),
            Err(reason) => {
                let loss = Loss::Sender;
                self.refused(reason, Input::Lost { attempt, loss });
            }
        }
    }

    fn failed(&self, reason: String, input: Input) {
        self.reason.replace(reason);
        self.handle(input);
    }

    /// A request could not be made at all.
    fn refused(&self, reason: String, input: Input) {
        self.reason.replace(reason);
        self.later(input);
    }

    /// In a turn of its own: events of sockets never come while one of their methods runs.
    fn later(&self, input: Input) {
        let me = self.me.clone();
        spawn_local(async move {
            if let Some(me) = me.upgrade() {
                me.handle(input);
            }
        });
    }

    fn frame(&self, attempt: u32, text: &str) {
        let len = text.len();
        if len > MAX_LINE {
            return self.arrived(attempt, Arrival::TooLong);
        }
        match Frame::parse(text) {
            Ok(Frame::Open) => self.arrived(attempt, Arrival::Open),
            Ok(Frame::Heartbeat) if len == PRELUDE => self.arrived(attempt, Arrival::Prelude),
            Ok(Frame::Heartbeat) => self.arrived(attempt, Arrival::Heartbeat),
            Ok(Frame::Unknown) => self.arrived(attempt, Arrival::Unknown),
            Ok(Frame::Close { code, reason }) => {
                self.reason.replace(reason);
                self.arrived(attempt, Arrival::Close { code });
            }
            Ok(Frame::Messages(messages)) => {
                let arrival = Arrival::Messages { len };
                let received = self
                    .session
                    .borrow_mut()
                    .receive(driver::now(), attempt, arrival);
                match received {
                    Received::Deliver => {
                        // An open frame in the same piece comes first.
                        self.pump();
                        messages.into_iter().for_each(|text| self.deliver(text));
                    }
                    Received::Hold => self.held.borrow_mut().extend(messages),
                    Received::Done | Received::Heartbeat => {}
                }
                self.pump();
            }
            Err(_) => self.arrived(attempt, Arrival::Malformed),
        }
    }

    fn arrived(&self, attempt: u32, arrival: Arrival) {
        let now = driver::now();
        let _ = self.session.borrow_mut().receive(now, attempt, arrival);
        self.pump();
    }

    fn deliver(&self, message: String) {
        if self.open.get() {
            (self.listener)(Event::Message(Message::Text(message)));
        }
    }

    fn closed(&self, code: u16, cause: Cause, clean: bool) {
        self.open.set(false);
        drop(self.info.take());
        let (code, reason) = match cause {
            Cause::User => self.goodbye.take(),
            // The codes of SockJS for these, 1002 and 2000, would count as a fault of the peer that no retry cures.
            Cause::Info | Cause::AllFailed => {
                let reason = self.reason.take();
                let what = "no SockJS transport could be opened";
                (NO_CONNECTION, format!("{what} ({reason})"))
            }
            Cause::Silence => (code, "no heartbeat in time".to_owned()),
            _ => (code, self.reason.take()),
        };
        (self.listener)(Event::Close {
            code,
            reason,
            clean,
        });
    }

    /// A request to the server: `/info`, or within the session.
    fn request(
        &self,
        what: &str,
        body: Option<&str>,
        pieces: bool,
        reply: impl Fn(Reply) + 'static,
    ) -> Result<Http, String> {
        let mut url = self.url(what, false);
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str("t=");
        url.push_str(&driver::seed().to_string());
        Http::send(
            &Request {
                url: &url,
                body,
                headers: &self.options.headers,
                credentials: self.options.credentials,
                timeout: None,
                pieces,
            },
            reply,
        )
    }

    fn url(&self, what: &str, websocket: bool) -> String {
        let base = self.base.borrow();
        let scheme = match (websocket, base.secure) {
            (true, true) => "wss",
            (true, false) => "ws",
            (false, true) => "https",
            (false, false) => "http",
        };
        let Base {
            host, path, query, ..
        } = &*base;
        if what.starts_with('/') {
            return format!("{scheme}://{host}{path}{what}{query}");
        }
        let session = self.path.borrow();
        format!("{scheme}://{host}{path}{session}/{what}{query}")
    }
}

fn text_of(reply: Reply) -> String {
    match reply {
        Reply::Done { status, .. } => format!("the server answered {status}"),
        Reply::Failed(reason) => reason.to_owned(),
        Reply::Piece(_) => String::new(),
    }
}
