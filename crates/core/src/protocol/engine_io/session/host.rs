//! For hosts that do more themselves, because their users look into it: they keep the queue of messages, answer pings, and
//! read packets with parsers of the platform. What follows from it is still decided here.

use super::{CloseReason, Handshake, Output, Session, State, Upgrade};
use crate::Time;

impl<M> Session<M> {
    /// Takes in the handshake that arrived at `now` on `transport`, or `None` for anything else that came in its place.
    pub fn accept(&mut self, now: Time, transport: u32, handshake: Option<Handshake>) {
        if self.state != State::Opening || !self.is_current(transport) {
            return;
        }
        match handshake {
            Some(handshake) => self.begin(now, handshake),
            None => self.lost(transport, true),
        }
    }

    /// Takes in the first packet on the transport to upgrade to: whether it was the right answer, `3probe`.
    pub fn probe_answered(&mut self, transport: u32, right: bool) {
        if self.probe() == Some(transport) {
            self.probed(transport, right);
        }
    }

    /// A ping arrived at `now`, and the host answers it: counts as life only.
    pub fn pinged(&mut self, now: Time, transport: u32) {
        if self.is_current(transport) {
            self.arm(now);
        }
    }

    /// The host took a batch from its own queue, as measured with a [`PayloadMeter`](crate::protocol::engine_io::PayloadMeter).
    pub fn writing(&mut self, transport: u32) {
        self.in_flight |= self.is_current(transport);
    }

    /// Whether a batch may be written now.
    pub fn may_write(&self) -> bool {
        // Outputs first: the packet that completes an upgrade is one of them.
        let ready = matches!(self.state, State::Open | State::Closing) && self.outputs.is_empty();
        ready && !self.in_flight && !self.is_pausing()
    }

    /// Whether an upgrade has begun to bring the old transport to rest, so that writing must wait.
    pub const fn is_pausing(&self) -> bool {
        matches!(self.upgrade, Upgrade::Pausing(_))
    }

    /// Ends at once as a forced close: the user wants to close, and the host has written what it wants to write. It says
    /// goodbye on the transport by itself.
    pub fn terminate(&mut self) {
        if let Some(transport) = self.probe() {
            self.outputs.push_back(Output::Detach { transport });
            self.outputs.push_back(Output::UpgradeFailed);
            self.upgrade = Upgrade::No;
        }
        if self.state != State::Closed {
            self.end(CloseReason::ForcedClose);
        }
    }
}
