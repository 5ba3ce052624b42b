//! What goes into a [`Link`](super::Link) and what comes out of it.

use crate::Span;

/// Where a link is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Never started.
    Idle,
    /// A dial is under way: the provider is being asked or the handshake is running.
    Connecting,
    /// The socket is open.
    Open,
    /// Waiting for the next dial.
    Waiting,
    /// The closing handshake runs at the user's wish.
    Closing,
    /// Ended: by the user, by a fatal close, or because the retries are used up. `Start` begins anew.
    Closed,
}

/// Why a state was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The user asked for it: `Start`, `Reconnect`, `Close` or `Terminate`.
    User,
    /// The handshake succeeded.
    Opened,
    /// The wait before the next dial is over, or a page or network signal cut it short.
    RetryDue,
    /// The socket closed; `code` as in RFC 6455 section 7.4 (1005 and 1006 included).
    SocketClosed {
        /// The close code.
        code: u16,
        /// Whether the closing handshake completed.
        clean: bool,
    },
    /// The url or protocol provider failed, the socket could not be constructed, or the protocol's handshake failed.
    DialFailed,
    /// No `open` within the connect timeout.
    ConnectTimeout,
    /// The peer gave no sign of life in time; the socket was abandoned.
    Dead,
    /// The page came back from a freeze or the back/forward cache and, without a heartbeat, the socket could not be
    /// probed; it was abandoned.
    Resumed,
    /// The closing handshake did not end before its deadline; the socket was abandoned.
    CloseTimeout,
}

/// Why a link will not dial again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The user closed it.
    User,
    /// Reconnecting is switched off.
    ReconnectOff,
    /// A close code that a retry cannot cure, or the user's override said stop.
    Fatal,
    /// `max_retries` consecutive attempts failed.
    RetriesExhausted,
}

/// What the user's override says about a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Follow the built-in close-code policy.
    #[default]
    Default,
    /// Do not dial again.
    Stop,
    /// Dial again with the usual backoff, whatever the code.
    Retry,
    /// Dial again after exactly this long (at least 10 ms from the second consecutive failure on). Page and network signals
    /// do not cut it short, `Reconnect` does.
    RetryAfter(Span),
}

/// A change in the page's life (Page Lifecycle, HTML `visibilitychange`, `pageshow`, `pagehide`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// The page became visible or regained focus.
    Visible,
    /// The page was hidden.
    Hidden,
    /// The page is about to be frozen or put into the back/forward cache.
    Frozen,
    /// The page was resumed or restored from the back/forward cache: the socket must not be trusted.
    Resumed,
}

/// A network signal. `navigator.onLine` alone proves nothing, so both are suspicions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkEvent {
    /// The browser says that a network is there (or another one).
    Online,
    /// The browser says that the network is gone.
    Offline,
}

/// What happened, given to [`Link::handle`](super::Link::handle) with the current time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// Dial now if idle or closed; otherwise nothing.
    Start,
    /// Dial now, whatever the state: cuts a wait short, abandons a live socket, revives a closed link. Counts the attempts
    /// from zero again and forgets a hint. While connecting there is no change of state, only a new dial.
    Reconnect,
    /// Say goodbye: run the closing handshake, at most until the close timeout.
    Close,
    /// End at once: abandon the socket.
    Terminate,
    /// The socket of this generation can be used. A shell whose protocol begins with a handshake of its own (authenticate,
    /// subscribe, await the confirmation) reports this when that is done: until then nothing queued is written, the
    /// connect timeout goes on, and a failure is [`DialFailed`](Self::DialFailed) after the shell closed the socket.
    Opened {
        /// The generation from [`Output::Dial`].
        generation: u32,
    },
    /// The provider rejected, the socket's constructor threw, or the protocol's handshake failed.
    DialFailed {
        /// The generation from [`Output::Dial`].
        generation: u32,
        /// The user's override, if any.
        verdict: Verdict,
    },
    /// The socket of this generation closed (before or after opening).
    SocketClosed {
        /// The generation from [`Output::Dial`].
        generation: u32,
        /// The close code, 1006 if there was none.
        code: u16,
        /// `wasClean` of the close event.
        clean: bool,
        /// The user's override, if any.
        verdict: Verdict,
    },
    /// Something arrived on the open socket. Cheap enough to report for each message: unless a ping is out, no
    /// deadline changes.
    Received {
        /// Whether this message answers the heartbeat and gives a round-trip sample.
        pong: bool,
    },
    /// A page lifecycle event.
    Page(PageEvent),
    /// A network event.
    Network(NetworkEvent),
    /// The server asks that no redial start for this long, counted from now (retry-after in a message or close reason).
    /// The redial then comes after that and up to a quarter (at least the first spread) later, so that the clients do not
    /// return in step. Page and network signals do not cut it short, `Reconnect` does. A later hint replaces it, also with
    /// zero; a hint that has run out before the loss is without effect.
    RetryHint(Span),
    /// The deadline of [`Link::next_wake`](super::Link::next_wake) has come.
    Tick,
}

/// What the shell must do or tell, drained with [`Link::poll`](super::Link::poll).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Resolve the providers and open a socket; report with the same generation.
    Dial {
        /// Number of this socket; events of other generations are ignored.
        generation: u32,
        /// Consecutive attempt, 0 for the first after a start or a stable connection.
        attempt: u32,
        /// Index into the list of endpoints.
        endpoint: u32,
    },
    /// Start the closing handshake on the socket (with the user's code and reason, kept by the shell). If there is no socket
    /// yet, cancel the provider and report [`Input::DialFailed`]: the link is then closed at once. Harmless when repeated.
    CloseSocket {
        /// The generation to close.
        generation: u32,
    },
    /// Take the handlers off the socket, then close it in the background; its close event takes up to 60 s on a
    /// half-open connection and nobody waits for it. Also cancels a provider that is still running.
    Detach {
        /// The generation to abandon.
        generation: u32,
    },
    /// Send the heartbeat message now.
    Ping {
        /// The generation to ping.
        generation: u32,
    },
    /// The state changed.
    State {
        /// The state that was left.
        from: State,
        /// The state that was entered.
        to: State,
        /// Why.
        cause: Cause,
    },
    /// The next dial starts after `delay`; follows the change to [`State::Waiting`].
    Retry {
        /// The attempt that the wait leads to, counted from 1.
        attempt: u32,
        /// How long the wait is.
        delay: Span,
    },
    /// The link ended; follows the change to [`State::Closed`].
    Ended(EndReason),
}
