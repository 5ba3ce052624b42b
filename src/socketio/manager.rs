//! `Manager`: the connection that namespaces share, and its options.

use std::{fmt, rc::Rc, time::Duration};

use everwire_core::{
    link::{Backoff, State},
    protocol::{
        engine_io::TransportKind,
        socket_io::client::{ClientConfig, Input},
    },
};

use crate::{endpoint::Url, state::States};

use super::{
    engine::{Engine, Requests, encode_query},
    error::Error,
    socket_builder::SocketBuilder,
};

/// The connection that the sockets of several namespaces share.
///
/// A cheap handle: clones are the same connection. It dials when the first socket wants to connect and closes when none does
/// any more. **When the last manager and the last socket are dropped, everything ends at once**: requests are aborted,
/// listeners and timers removed.
///
/// ```no_run
/// use everwire::socketio::Manager;
/// # fn run() -> Result<(), everwire::socketio::Error> {
/// let manager = Manager::builder("https://example.com").open()?;
/// let main = manager.socket("/").connect()?;
/// let admin = manager
///     .socket("/admin")
///     .auth(&serde_json::json!({ "token": "secret" }))
///     .connect()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Manager {
    inner: Rc<Inner>,
}

struct Inner {
    engine: Rc<Engine>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.engine.shut_down();
    }
}

impl Manager {
    /// Options of a manager for the server at `url`: scheme, host and port, perhaps a query. Several URLs are failed over
    /// between, a provider is asked before every dial (see [`Url`]).
    pub fn builder(url: impl Into<Url>) -> ManagerBuilder {
        ManagerBuilder {
            url: url.into(),
            path: "/socket.io/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            credentials: false,
            timestamps: true,
            request_timeout: None,
            config: ClientConfig::default(),
        }
    }

    /// Options of the socket of a namespace: `/` is the main one.
    pub fn socket(&self, namespace: impl Into<String>) -> SocketBuilder {
        SocketBuilder::new(self.clone(), namespace.into())
    }

    /// The state of the connection. Open says nothing about namespaces: those have to be joined (see
    /// [`Socket::connected`](super::Socket::connected)).
    pub fn state(&self) -> State {
        self.engine().core(|core| core.link().state())
    }

    /// Every change of the connection's state from now on, with its cause.
    pub fn states(&self) -> States {
        self.engine()
            .subscribers()
            .subscribe(self.engine().is_dropped())
    }

    /// What carries messages now, `None` without a connection. Becomes [`TransportKind::WebSocket`] after an upgrade.
    pub fn transport(&self) -> Option<TransportKind> {
        self.engine()
            .core(|core| core.handshake().and(core.transport_kind()))
    }

    /// Dials now: cuts a wait short or replaces a live connection.
    pub fn reconnect(&self) {
        self.engine().handle(Input::Reconnect);
    }

    /// The server asks for patience: the next redial waits at least this long.
    pub fn retry_after(&self, delay: Duration) {
        self.engine().handle(Input::RetryHint(delay.into()));
    }

    /// Says goodbye and closes, without waiting for what is queued (see [`Socket::disconnect`](super::Socket::disconnect) for
    /// that). This starts at once; the future resolves when the connection is closed. Sockets stay, and
    /// [`Socket::connect`](super::Socket::connect) dials again.
    pub fn close(&self) -> impl Future<Output = ()> + use<> {
        self.engine().handle(Input::Close);
        Rc::clone(self.engine()).closed()
    }

    pub(super) fn engine(&self) -> &Rc<Engine> {
        &self.inner.engine
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("state", &self.state())
            .field("transport", &self.transport())
            .finish()
    }
}

/// Options of a [`Manager`]. Each method names its default; nothing happens before a socket connects.
#[must_use = "a builder does nothing before `open`"]
pub struct ManagerBuilder {
    url: Url,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    credentials: bool,
    timestamps: bool,
    request_timeout: Option<Duration>,
    config: ClientConfig,
}

impl ManagerBuilder {
    /// The path that the server listens on. Default `/socket.io/`; a missing slash at the end is added.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Adds a parameter to the URL of every request, encoded as needed.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header to polling requests; browsers have none for WebSockets. From another origin it costs a preflight each.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Whether cookies go with polling requests to another origin. Default false.
    pub fn with_credentials(mut self, credentials: bool) -> Self {
        self.credentials = credentials;
        self
    }

    /// Whether each polling request has a parameter `t` of its own, against caches. Default true.
    pub fn timestamp_requests(mut self, timestamps: bool) -> Self {
        self.timestamps = timestamps;
        self
    }

    /// Longest time of one polling request; it must be longer than the server's ping interval. Default `None`.
    pub fn request_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// What may carry messages, the first one first. Default polling, then WebSocket; `[TransportKind::WebSocket]` alone
    /// saves three requests and needs no sticky routing.
    pub fn transports(mut self, transports: impl Into<Vec<TransportKind>>) -> Self {
        self.config.engine.transports = transports.into();
        self
    }

    /// Whether polling is upgraded to WebSocket where the server offers it. Default true.
    pub fn upgrade(mut self, upgrade: bool) -> Self {
        self.config.engine.upgrade = upgrade;
        self
    }

    /// Whether the next connection begins with a WebSocket after one that had a good one. Default false.
    pub fn remember_upgrade(mut self, remember: bool) -> Self {
        self.config.remember_upgrade = remember;
        self
    }

    /// Whether the next transport of the list is tried within the same attempt when one fails, or takes longer than
    /// `timeout`. Default no.
    pub fn try_all_transports(mut self, timeout: Option<Duration>) -> Self {
        self.config.engine.try_all_transports = true;
        self.config.transport_timeout = timeout.map(Into::into);
        self
    }

    /// Delays between attempts. Default: the first redial anywhere within 2 s, then 1 s doubling to 10 s, equal jitter.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.config.link.backoff = backoff;
        self
    }

    /// Whether a lost connection is dialled again. Default true.
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.config.link.reconnect = reconnect;
        self
    }

    /// Consecutive failed redials before it gives up and drops what is queued. Default no limit.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.config.link.max_retries = Some(retries);
        self
    }

    /// How long a connection must last before the attempts are counted anew. Default 5 s.
    pub fn min_uptime(mut self, uptime: Duration) -> Self {
        self.config.link.min_uptime = uptime.into();
        self
    }

    /// Longest time for URL provider, transports and handshake together; `None` for no limit. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.config.link.connect_timeout = timeout.map(Into::into);
        self
    }

    /// Most attachments of one event, in both directions. Default 10, as in the reference client and server.
    pub fn max_attachments(mut self, attachments: u32) -> Self {
        self.config.limits.max_attachments = attachments;
        self
    }

    /// Most bytes of all attachments of one event that arrives. Default 16 MiB.
    pub fn max_attachment_bytes(mut self, bytes: usize) -> Self {
        self.config.assembler.max_bytes = bytes;
        self
    }

    /// The manager.
    ///
    /// # Errors
    /// [`Error::BadUrl`] and [`Error::Options`].
    pub fn open(self) -> Result<Manager, Error> {
        let options = |reason: &str| Error::Options(reason.to_owned());
        if self.config.engine.transports.is_empty() {
            return Err(options("transports is empty: give at least one"));
        }
        let mut path = self.path;
        if !path.starts_with('/') || path.contains(['?', '#']) {
            return Err(options("path must begin with a slash and have no query"));
        }
        if !path.ends_with('/') {
            path.push('/');
        }
        let mut config = self.config;
        config.link.endpoints = self.url.endpoints();
        let requests = Requests {
            url: self.url,
            path,
            query: encode_query(&self.query),
            headers: self.headers.into(),
            credentials: self.credentials,
            timestamps: self.timestamps,
            request_timeout: self.request_timeout.map(Into::into),
        };
        requests.check()?;
        let engine = Engine::new(requests, config).map_err(Error::Options)?;
        Ok(Manager {
            inner: Rc::new(Inner { engine }),
        })
    }
}

impl Requests {
    /// Fixed URLs are checked at once.
    fn check(&self) -> Result<(), Error> {
        for url in self.url.fixed() {
            self.target(url).map_err(|reason| Error::BadUrl {
                url: url.clone(),
                reason,
            })?;
        }
        if self.url.endpoints() == 0 {
            return Err(Error::Options(
                "the list of urls is empty: give at least one".to_owned(),
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for ManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerBuilder")
            .field("url", &self.url)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
