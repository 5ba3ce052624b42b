//! Options of a client.

use std::{fmt, time::Duration};

use everwire_core::{
    link::{Backoff, Verdict},
    protocol::stomp::{HeartBeat, Limits, Version, client::ClientConfig},
    send::OutboxConfig,
};

use crate::endpoint::Url;

use super::{
    client::Client,
    engine::{Engine, Override, Setup},
    error::Error,
    event::Loss,
    headers::ConnectHeaders,
};

/// Options of a [`Client`], from [`Client::builder`]. Each method names its default; nothing happens before
/// [`open`](Self::open).
#[must_use = "a builder does nothing before `open`"]
pub struct Builder {
    url: Url,
    headers: ConnectHeaders,
    stop_on_refused_login: Option<bool>,
    config: ClientConfig,
    subprotocols: bool,
    via: crate::driver::Via,
    retry_on: Option<Override>,
}

impl Builder {
    pub(super) fn new(url: Url) -> Self {
        Self {
            url,
            headers: ConnectHeaders::none(),
            stop_on_refused_login: None,
            config: ClientConfig::default(),
            subprotocols: true,
            via: crate::driver::Via::default(),
            retry_on: None,
        }
    }

    /// Adds a header to `CONNECT`: `host` (RabbitMQ's virtual host), `login`, `passcode`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.fixed.push((name.into(), value.into()));
        self
    }

    /// The headers of `CONNECT`, also as a provider that is asked for a fresh token before every attempt. Replaces
    /// those given before. Default none.
    pub fn headers(mut self, headers: impl Into<ConnectHeaders>) -> Self {
        self.headers = headers.into();
        self
    }

    /// Versions to offer, in the order of preference. Default 1.2, 1.1, 1.0.
    pub fn versions(mut self, versions: impl Into<Vec<Version>>) -> Self {
        self.config.session.versions = versions.into();
        self
    }

    /// Whether the versions are offered as WebSocket subprotocols (`v12.stomp` …) too, as `@stomp/stompjs` does. Default
    /// true; switch it off for a server that answers with none of them, since browsers then fail the handshake.
    pub fn subprotocols(mut self, offer: bool) -> Self {
        self.subprotocols = offer;
        self
    }

    /// Carries the connection by [SockJS](crate::sockjs), which falls back to HTTP where WebSocket does not get through, as
    /// Spring's `withSockJS()` expects it. The URL is that of the SockJS endpoint. Text only: a binary body is refused when
    /// its turn comes, and subprotocols are not offered.
    #[cfg(feature = "sockjs")]
    pub fn sockjs(mut self, options: crate::sockjs::Options) -> Self {
        self.via = crate::driver::Via::SockJs(std::rc::Rc::new(options));
        self
    }

    /// Heart-beats to offer: how often the client can send one, and how often it wants one. Whole milliseconds; zero for
    /// none. Default 10 s both ways. A server that is silent for twice the agreed time counts as gone.
    pub fn heart_beat(mut self, send: Duration, expect: Duration) -> Self {
        let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self.config.session.heart_beat = HeartBeat {
            send: millis(send),
            expect: millis(expect),
        };
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

    /// Consecutive failed redials before the client ends. Default no limit.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.config.link.max_retries = Some(retries);
        self
    }

    /// How long a connection must last before the attempts are counted anew. Default 5 s.
    pub fn min_uptime(mut self, uptime: Duration) -> Self {
        self.config.link.min_uptime = uptime.into();
        self
    }

    /// Longest time for providers, handshake, `CONNECT` and the restored subscriptions together. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.config.link.connect_timeout = timeout.map(Into::into);
        self
    }

    /// Decides about each lost connection, failed dial and `ERROR`. Default: redial, but not after close codes that a
    /// retry cannot cure (1002, 1003, 1007 to 1010) or a [refused login](Self::stop_on_refused_login).
    pub fn retry_on(mut self, verdict: impl Fn(&Loss<'_>) -> Verdict + 'static) -> Self {
        self.retry_on = Some(Box::new(verdict));
        self
    }

    /// Whether an `ERROR` in answer to `CONNECT` that speaks of credentials ends the client. Default true for fixed
    /// headers, false for a provider, which may have a better token next time.
    pub fn stop_on_refused_login(mut self, stop: bool) -> Self {
        self.stop_on_refused_login = Some(stop);
        self
    }

    /// Bounds and rates of the queue. Default 1,000 messages or 1 MiB, beyond that publishing fails.
    pub fn queue(mut self, queue: OutboxConfig) -> Self {
        self.config.outbox = queue;
        self
    }

    /// How long a subscription waits for its receipt, and what is queued for the restored subscriptions. Default 1 s;
    /// zero asks for no receipts. A server that let one whole wait pass is not waited for again.
    pub fn confirm(mut self, time: Duration) -> Self {
        self.config.confirm = time.into();
        self
    }

    /// Bounds of received frames. Default 64 KiB of headers, 1,000 of them, 64 MiB of body.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.session.limits = limits;
        self
    }

    /// The header that carries the [id](super::Publish::id) of a message. Default `idempotency-key`; `amqp-message-id`
    /// for RabbitMQ.
    pub fn id_header(mut self, name: impl Into<String>) -> Self {
        self.config.id_header = name.into();
        self
    }

    /// Where answers to requests go. Default `/temp-queue/replies`, which RabbitMQ and ActiveMQ understand; give a
    /// destination of the user's own for Spring, such as `/user/queue/replies`.
    pub fn reply_to(mut self, destination: impl Into<String>) -> Self {
        self.config.reply_to = destination.into();
        self
    }

    /// Checks the options and dials, in this very turn unless a provider is asynchronous.
    ///
    /// # Errors
    /// [`Error::Options`] for a bad URL or a number out of range. What only time can show, such as a refused login, is a
    /// [state](Client::states) and an [event](Client::events).
    pub fn open(mut self) -> Result<Client, Error> {
        self.url.check()?;
        if self.config.session.versions.is_empty() {
            return Err(
                crate::Error::Options("no version to offer: give at least one".to_owned()).into(),
            );
        }
        self.config.link.endpoints = self.url.endpoints();
        self.config.stop_on_refused_login = self
            .stop_on_refused_login
            .unwrap_or(!self.headers.is_provided());
        let versions = self.config.session.versions.iter();
        let protocols = if self.subprotocols {
            versions
                .map(|version| version.subprotocol().to_owned())
                .collect()
        } else {
            Vec::new()
        };
        let engine = Engine::start(Setup {
            url: self.url,
            headers: self.headers,
            protocols,
            via: self.via,
            config: self.config,
            retry_on: self.retry_on,
        })?;
        Ok(Client::new(engine))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("url", &self.url)
            .field("headers", &self.headers)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
