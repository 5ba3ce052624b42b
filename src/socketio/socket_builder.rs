//! Options of a socket.

use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

use everwire_core::{
    protocol::socket_io::client::{NamespaceConfig, RetryConfig},
    send::OutboxConfig,
};
use serde::Serialize;

use crate::{endpoint::ProviderError, options::InboundLimits};

use super::{
    engine::{Auth, Room},
    error::Error,
    hub::Hub,
    manager::Manager,
    socket::{Inner, Keys, Socket},
};

/// How long an ack is awaited unless the options say otherwise.
const ACK_TIMEOUT: Duration = Duration::from_secs(10);

/// Options of a [`Socket`]. Each method names its default; nothing happens before [`connect`](Self::connect).
#[must_use = "a builder does nothing before `connect`"]
pub struct SocketBuilder {
    manager: Manager,
    name: String,
    auth: Auth,
    failed: Option<Error>,
    config: NamespaceConfig,
    inbound: InboundLimits,
    ack_timeout: Option<Duration>,
}

impl SocketBuilder {
    pub(super) fn new(manager: Manager, name: String) -> Self {
        Self {
            manager,
            name,
            auth: Auth::None,
            failed: None,
            config: NamespaceConfig::default(),
            inbound: InboundLimits::default(),
            ack_timeout: Some(ACK_TIMEOUT),
        }
    }

    /// What the server's middleware finds as `socket.handshake.auth`: something that is an object in JSON. Default nothing.
    pub fn auth<T: Serialize + ?Sized>(mut self, auth: &T) -> Self {
        match object(auth) {
            Ok(auth) => self.auth = Auth::Value(auth),
            Err(error) => self.failed = Some(error),
        }
        self
    }

    /// Asks for the auth data before every join, so that it is never stale. An `Err` is a
    /// [`Change::Refused`](super::Change::Refused), and it is asked again after the backoff.
    ///
    /// ```no_run
    /// # use everwire::socketio::Manager;
    /// # async fn fetch_token() -> Result<String, &'static str> { Ok(String::new()) }
    /// # fn run(manager: Manager) -> Result<(), everwire::socketio::Error> {
    /// let socket = manager
    ///     .socket("/")
    ///     .auth_with(|| async { Ok(serde_json::json!({ "token": fetch_token().await? })) })
    ///     .connect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn auth_with<T, F>(mut self, provider: impl Fn() -> F + 'static) -> Self
    where
        T: Serialize,
        F: Future<Output = Result<T, ProviderError>> + 'static,
    {
        self.auth = Auth::Provider(Rc::new(move || {
            let answer = provider();
            Box::pin(async move { Ok(object(&answer.await?)?) })
        }));
        self
    }

    /// Bounds and ramp of what waits to be sent. Default 1,000 events and 1 MiB; a full queue refuses the call.
    pub fn outbox(mut self, config: OutboxConfig) -> Self {
        self.config.outbox = config;
        self
    }

    /// Bounds of each stream of events that arrived and were not read. Default 1,000 events and 16 MiB, the oldest go.
    pub fn inbound(mut self, limits: InboundLimits) -> Self {
        self.inbound = limits;
        self
    }

    /// How long acks are awaited from the call on, `None` for no limit. Default 10 s.
    pub fn ack_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.ack_timeout = timeout;
        self
    }

    /// Most acks that may be awaited at the same time. Default 10,000.
    pub fn max_pending_acks(mut self, acks: usize) -> Self {
        self.config.max_pending_acks = acks;
        self
    }

    /// Rules of [`Socket::emit_reliable`]. Default 3 further tries, 10 s each, a window of 16.
    pub fn retries(mut self, config: RetryConfig) -> Self {
        self.config.retry = config;
        self
    }

    /// Whether to ask again, with fresh auth data and the backoff, after the server refused. Default false.
    pub fn retry_refused(mut self, retry: bool) -> Self {
        self.config.retry_refused = retry;
        self
    }

    /// Whether to join again, with the backoff, after an `io server disconnect`. Default false.
    pub fn rejoin(mut self, rejoin: bool) -> Self {
        self.config.rejoin = rejoin;
        self
    }

    /// The socket, on its way to join.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn connect(self) -> Result<Socket, Error> {
        let socket = self.build()?;
        socket.connect();
        Ok(socket)
    }

    /// The socket, idle until [`Socket::connect`]. Events can be emitted already: they wait.
    ///
    /// # Errors
    /// [`Error::Namespace`] for a name that cannot be one, or of which the manager has a socket: share that one.
    /// [`Error::Options`] for auth data that is no object.
    pub fn build(self) -> Result<Socket, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let engine = self.manager.engine();
        let namespace = engine.core(|core| core.add(&self.name, self.config))?;
        let hub = Rc::new(Hub::default());
        let keys = Rc::new(Keys::default());
        let room = Room {
            hub: Rc::clone(&hub),
            auth: self.auth,
            idle: Rc::new({
                let keys = Rc::clone(&keys);
                move |slot| keys.forget(slot)
            }),
        };
        engine.enter(namespace, room);
        Ok(Socket {
            inner: Rc::new(Inner {
                manager: self.manager,
                namespace,
                name: self.name,
                hub,
                inbound: self.inbound,
                ack_timeout: self.ack_timeout.map(Into::into),
                keys,
                retired: RefCell::new(Vec::new()),
            }),
        })
    }
}

/// Writes auth data.
fn object<T: Serialize + ?Sized>(auth: &T) -> Result<String, Error> {
    let json = serde_json::to_string(auth)
        .map_err(|error| Error::Options(format!("auth data: {error}")))?;
    if !json.starts_with('{') {
        return Err(Error::Options("auth data must be a json object".to_owned()));
    }
    Ok(json)
}

impl fmt::Debug for SocketBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketBuilder")
            .field("namespace", &self.name)
            .finish_non_exhaustive()
    }
}
