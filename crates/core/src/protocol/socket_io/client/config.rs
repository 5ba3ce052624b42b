//! Options of a client and of its namespaces.

use crate::Span;
use crate::link::LinkConfig;
use crate::protocol::engine_io::SessionConfig;
use crate::protocol::socket_io::{AssemblerLimits, Limits};
use crate::send::OutboxConfig;

/// Options of a [`Client`](super::Client).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// When and how often is dialled. Its connect timeout covers everything up to the Engine.IO handshake. A heartbeat of
    /// its own is not needed: the server pings.
    pub link: LinkConfig,
    /// Transports and upgrade.
    pub engine: SessionConfig,
    /// Longest time for one transport to bring the handshake; then it counts as failed, which together with
    /// [`SessionConfig::try_all_transports`] moves on to the next one. Default `None`: only the connect timeout counts, as in
    /// the reference client, where a transport that hangs is not followed by another one.
    pub transport_timeout: Option<Span>,
    /// `rememberUpgrade`: after a good WebSocket the next connection begins with one; any loss that is an error forgets it.
    /// Default false.
    pub remember_upgrade: bool,
    /// Bounds of headers.
    pub limits: Limits,
    /// Bounds of attachments that arrive.
    pub assembler: AssemblerLimits,
    /// Most namespaces. Default 256.
    pub max_namespaces: usize,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            link: LinkConfig::default(),
            engine: SessionConfig::default(),
            transport_timeout: None,
            remember_upgrade: false,
            limits: Limits::default(),
            assembler: AssemblerLimits::default(),
            max_namespaces: 256,
        }
    }
}

/// Options of one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamespaceConfig {
    /// Bounds of what waits to be sent.
    pub outbox: OutboxConfig,
    /// Rules of reliable emits.
    pub retry: RetryConfig,
    /// Most emits that wait for their ack, and as many reliable ones. Default 10,000; the reference client has no limit.
    pub max_pending_acks: usize,
    /// Whether to ask again, with fresh auth and the link's backoff, after the server refused the namespace. Default false, as
    /// in the reference client. A failed auth provider is always asked again.
    pub retry_refused: bool,
    /// Whether to join again, with the link's backoff, after an `io server disconnect`. Default false, as in the reference
    /// client.
    pub rejoin: bool,
}

impl Default for NamespaceConfig {
    fn default() -> Self {
        Self {
            outbox: OutboxConfig::default(),
            retry: RetryConfig::default(),
            max_pending_acks: 10_000,
            retry_refused: false,
            rejoin: false,
        }
    }
}

/// How reliable emits are repeated until the server acknowledges them: at least once, so the server must ignore what it has
/// seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// Further sends after the first one. Default 3.
    pub retries: u32,
    /// How long an ack is awaited after the write. Default 10 s. Must be positive.
    pub ack_timeout: Span,
    /// Emits without an ack at the same time. Default 16; the reference client has 1, which costs a round trip each. Emits
    /// with the same key never overlap, whatever the window. At least 1.
    pub window: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            retries: 3,
            ack_timeout: Span::from_millis(10_000),
            window: 16,
        }
    }
}
