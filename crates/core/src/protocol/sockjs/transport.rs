//! The ways to exchange frames, and sets of them.

/// A way to exchange frames. Others of sockjs-client (iframe, htmlfile, JSONP and XDomainRequest variants) were for
/// browsers that are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// WebSocket, one frame per message.
    WebSocket,
    /// An endless answer to a POST, one frame per line.
    XhrStreaming,
    /// An endless answer to a GET in the format of server-sent events.
    EventSource,
    /// One POST after the other, each answered with one frame.
    XhrPolling,
}

impl Transport {
    /// All, in the order in which sockjs-client tries them.
    pub const ALL: [Self; 4] = [
        Self::WebSocket,
        Self::XhrStreaming,
        Self::EventSource,
        Self::XhrPolling,
    ];

    /// The name in the option `transports` and in the property `transport`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::XhrStreaming => "xhr-streaming",
            Self::EventSource => "eventsource",
            Self::XhrPolling => "xhr-polling",
        }
    }

    /// Last segment of the URL that receives: `base/SERVER/SESSION/` comes before it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::XhrStreaming => "xhr_streaming",
            Self::EventSource => "eventsource",
            Self::XhrPolling => "xhr",
        }
    }

    /// Whether it receives and sends by separate HTTP requests.
    pub const fn is_http(self) -> bool {
        !matches!(self, Self::WebSocket)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of transports, tried in the order of [`Transport::ALL`] whatever the order of insertion, as in sockjs-client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transports(u8);

impl Transports {
    /// All four.
    pub const ALL: Self = Self(0b1111);

    /// The set with these bits, the lowest for [`Transport::WebSocket`]. Higher ones are ignored.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The transports with these names. Unknown names are skipped, so that a list for sockjs-client still works.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Self::default();
        for name in names {
            if let Some(transport) = Transport::ALL.into_iter().find(|each| each.name() == name) {
                set.insert(transport);
            }
        }
        set
    }

    /// Adds one.
    pub const fn insert(&mut self, transport: Transport) {
        self.0 |= transport.bit();
    }

    /// Takes one out.
    pub const fn remove(&mut self, transport: Transport) {
        self.0 &= !transport.bit();
    }

    /// Whether there is none left.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Takes the first one out.
    pub(super) fn take_first(&mut self) -> Option<Transport> {
        let first = Transport::ALL
            .into_iter()
            .find(|each| self.0 & each.bit() != 0)?;
        self.remove(first);
        Some(first)
    }
}
