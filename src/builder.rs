//! Options of a socket.

use std::{fmt, rc::Rc, time::Duration};

use everwire_core::{
    codec::{Decode, Encode},
    link::{Backoff, Heartbeat, LinkConfig, PongTimeout, Verdict},
    send::OutboxConfig,
};

use crate::{
    client::Client,
    endpoint::{Protocols, ProviderError, Url},
    engine::{Engine, Setup},
    error::Error,
    handshake::Handshake,
    id::Id,
    inbound::{Format, Inbound, Rules},
    options::{InboundLimits, Loss},
    socket::Socket,
};

/// Options of a socket, from [`Socket::builder`]. Each method names its default; nothing happens before
/// [`open`](Self::open).
///
/// ```no_run
/// use std::time::Duration;
/// use everwire::{Json, Socket, Verdict};
/// # #[derive(serde::Serialize)] enum Out { Ping }
/// # #[derive(serde::Deserialize)] enum In { Pong, Text(String) }
///
/// let socket = Socket::<In, Out>::builder("wss://example.com/feed")
///     .codec(Json)
///     .heartbeat(Duration::from_secs(20), || Out::Ping)
///     .pong(|message| matches!(message, In::Pong))
///     .retry_on(|loss| match loss.code() {
///         Some(4001) => Verdict::Stop,
///         _ => Verdict::Default,
///     })
///     .open()?;
/// # Ok::<(), everwire::Error>(())
/// ```
#[must_use = "a builder does nothing before `open`"]
pub struct Builder<In, Out, C> {
    url: Url,
    protocols: Protocols,
    via: crate::driver::Via,
    codec: C,
    link: LinkConfig,
    outbox: OutboxConfig,
    inbound: InboundLimits,
    rules: Rules<In, Out>,
}

impl<In: 'static, Out: 'static, C> Builder<In, Out, C> {
    pub(crate) fn new(url: Url, codec: C) -> Self {
        Self {
            url,
            protocols: Protocols::default(),
            via: crate::driver::Via::default(),
            codec,
            link: LinkConfig::default(),
            outbox: OutboxConfig::default(),
            inbound: InboundLimits::default(),
            rules: Rules::default(),
        }
    }

    /// The wire format. Default [`Json`](crate::Json).
    pub fn codec<D>(self, codec: D) -> Builder<In, Out, D> {
        Builder {
            url: self.url,
            protocols: self.protocols,
            via: self.via,
            codec,
            link: self.link,
            outbox: self.outbox,
            inbound: self.inbound,
            rules: self.rules,
        }
    }

    /// Subprotocols to offer. Default none. The chosen one is the detail of the change to `Open`.
    pub fn protocols(mut self, protocols: impl Into<Protocols>) -> Self {
        self.protocols = protocols.into();
        self
    }

    /// Carries the connection by [SockJS](crate::sockjs), which falls back to HTTP where WebSocket does not get through. The
    /// URL is that of the SockJS service. Text only: messages of binary codecs are refused when their turn comes.
    #[cfg(feature = "sockjs")]
    pub fn sockjs(mut self, options: crate::sockjs::Options) -> Self {
        self.via = crate::driver::Via::SockJs(Rc::new(options));
        self
    }

    /// Delays between attempts. Default: the first redial anywhere within 2 s, then 1 s doubling to 10 s, equal jitter.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.link.backoff = backoff;
        self
    }

    /// Whether a lost connection is dialled again. Default true; without it the first loss ends the stream.
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.link.reconnect = reconnect;
        self
    }

    /// Consecutive failed redials before the connection ends. Default no limit.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.link.max_retries = Some(retries);
        self
    }

    /// How long a connection must last before the attempts are counted anew. Default 5 s.
    pub fn min_uptime(mut self, uptime: Duration) -> Self {
        self.link.min_uptime = uptime.into();
        self
    }

    /// Longest time for providers, dialling and [`handshake`](Self::handshake) together; `None` leaves it to the browser.
    /// Default 10 s.
    pub fn connect_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.link.connect_timeout = timeout.map(Into::into);
        self
    }

    /// Longest time for the closing handshake, after the flush. Default 1 s.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.link.close_timeout = timeout.into();
        self
    }

    /// Decides about each lost connection and failed dial. Default: the built-in policy, which ends the connection after
    /// codes that a retry cannot cure (1002, 1003, 1007 to 1010) and redials after all others.
    pub fn retry_on(mut self, verdict: impl Fn(&Loss<'_>) -> Verdict + 'static) -> Self {
        self.rules.retry_on = Some(Box::new(verdict));
        self
    }

    /// Sends the message that `ping` makes after `interval` of silence, at least 10 ms. Default no heartbeat: a half-open
    /// connection is then noticed only when the browser notices, which can take minutes.
    ///
    /// With [`pong`](Self::pong) the peer is expected to answer, silence after a ping counts as a dead connection, and
    /// page and network signals are followed by a probe.
    pub fn heartbeat(mut self, interval: Duration, ping: impl Fn() -> Out + 'static) -> Self {
        let heartbeat = self.link.heartbeat.get_or_insert(NO_HEARTBEAT);
        heartbeat.interval = interval.into();
        self.rules.ping = Some(Box::new(ping));
        self
    }

    /// Recognises the answer to a heartbeat. Such messages give the round-trip time and do not come out of the stream;
    /// return `false` always if the peer's answer is an ordinary message (any message counts as life). Only with
    /// [`heartbeat`](Self::heartbeat).
    pub fn pong(mut self, is_pong: impl Fn(&In) -> bool + 'static) -> Self {
        self.link.heartbeat.get_or_insert(NO_HEARTBEAT).answered = true;
        self.rules.is_pong = Some(Box::new(is_pong));
        self
    }

    /// How long a ping may stay without a sign of life. Default [`PongTimeout::Adaptive`]: follows the measured round
    /// trips, within 2 s to 20 s. Only with [`heartbeat`](Self::heartbeat).
    pub fn pong_timeout(mut self, timeout: PongTimeout) -> Self {
        self.link.heartbeat.get_or_insert(NO_HEARTBEAT).timeout = timeout;
        self
    }

    /// Bounds and rates of the send queue. Default 1,000 messages or 1 MiB, beyond that sends fail.
    pub fn queue(mut self, queue: OutboxConfig) -> Self {
        self.outbox = queue;
        self
    }

    /// Bounds of what has arrived and was not read yet. Default 1,000 messages or 16 MiB, then the oldest go and the
    /// stream says how many.
    pub fn inbound(mut self, limits: InboundLimits) -> Self {
        self.inbound = limits;
        self
    }

    /// How messages are acknowledged: `id_of` reads the id of an outgoing message, `ack_of` the id that an incoming one
    /// confirms. Default none. Messages with an id are kept until confirmed and written again after a reconnect, so the
    /// peer must ignore ids that it has seen. Acknowledgements also come out of the stream.
    pub fn acks(
        mut self,
        id_of: impl Fn(&Out) -> Option<Id> + 'static,
        ack_of: impl Fn(&In) -> Option<Id> + 'static,
    ) -> Self {
        self.rules.id_of = Some(Box::new(id_of));
        self.rules.ack_of = Some(Box::new(ack_of));
        self
    }

    /// How requests and replies are matched, for [`Client::request`]: `set_id` writes the number of a request into it,
    /// `reply_to` reads from a message which request it answers. Default none.
    pub fn correlate(
        mut self,
        set_id: impl Fn(&mut Out, u64) + 'static,
        reply_to: impl Fn(&In) -> Option<u64> + 'static,
    ) -> Self {
        self.rules.set_request = Some(Box::new(set_id));
        self.rules.reply_to = Some(Box::new(reply_to));
        self
    }

    /// What the application's protocol has to say first on every connection, such as who it is and what it subscribes
    /// to. Default nothing. The connection is open only when this is done, so nothing queued overtakes it; the
    /// [connect timeout](Self::connect_timeout) covers it. An `Err` is a failed dial: its text is the detail of the
    /// [change of state](crate::StateChange) and the reason of the [loss](Self::retry_on), and the next socket tries again.
    ///
    /// ```no_run
    /// # use everwire::Socket;
    /// # #[derive(serde::Serialize)] enum Out { Hello { token: String } }
    /// # #[derive(Debug, serde::Deserialize)] enum In { Welcome, Denied(String), Post(String) }
    /// # async fn fetch_token() -> Result<String, &'static str> { Ok(String::new()) }
    /// let socket = Socket::<In, Out>::builder("wss://example.com/feed")
    ///     .handshake(|link| async move {
    ///         link.send(&Out::Hello { token: fetch_token().await? })?;
    ///         match link.expect(|message| !matches!(message, In::Post(_))).await? {
    ///             In::Welcome => Ok(()),
    ///             refusal => Err(format!("not let in: {refusal:?}").into()),
    ///         }
    ///     })
    ///     .open()?;
    /// # Ok::<(), everwire::Error>(())
    /// ```
    pub fn handshake<F>(mut self, handshake: impl Fn(Handshake<In, Out>) -> F + 'static) -> Self
    where
        F: Future<Output = Result<(), ProviderError>> + 'static,
    {
        self.rules.handshake = Some(Box::new(move |link| Box::pin(handshake(link))));
        self
    }

    /// Checks the options and dials, in this very turn unless a provider is asynchronous.
    ///
    /// # Errors
    /// [`Error::BadUrl`], [`Error::NoUrl`], [`Error::BadProtocol`] for fixed values, [`Error::Options`] for numbers out of
    /// range. What only time can show, such as a refused connection, is a [state](Client::states).
    pub fn open(mut self) -> Result<Socket<In, Out>, Error>
    where
        C: Encode<Out> + Decode<In> + 'static,
    {
        self.url.check()?;
        self.protocols.check()?;
        if self.link.heartbeat.is_some() && self.rules.ping.is_none() {
            return Err(Error::Options(
                "pong and pong_timeout need a heartbeat: call `heartbeat` too".to_owned(),
            ));
        }
        self.link.endpoints = self.url.endpoints();
        let codec = Rc::new(self.codec);
        let format = Format {
            encode: Box::new({
                let codec = Rc::clone(&codec);
                move |message| codec.encode(message)
            }),
            join: Box::new({
                let codec = Rc::clone(&codec);
                move |frames| Encode::<Out>::join(&*codec, frames)
            }),
            decode: Box::new(move |frame| codec.decode(frame)),
        };
        let engine = Engine::new(Setup {
            url: self.url,
            protocols: self.protocols,
            via: self.via,
            link: self.link,
            outbox: self.outbox,
        })?;
        let inbound = Rc::new(Inbound::new(format, self.rules, self.inbound));
        let socket = Socket::new(Client {
            engine: Rc::clone(&engine),
            inbound: Rc::clone(&inbound),
        });
        engine.start(inbound);
        Ok(socket)
    }
}

/// Before `heartbeat` sets the interval; `open` refuses it.
const NO_HEARTBEAT: Heartbeat = Heartbeat {
    interval: everwire_core::Span::ZERO,
    timeout: PongTimeout::Adaptive,
    answered: false,
};

impl<In, Out, C: fmt::Debug> fmt::Debug for Builder<In, Out, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("url", &self.url)
            .field("protocols", &self.protocols)
            .field("codec", &self.codec)
            .field("link", &self.link)
            .field("queue", &self.outbox)
            .field("inbound", &self.inbound)
            .finish_non_exhaustive()
    }
}
