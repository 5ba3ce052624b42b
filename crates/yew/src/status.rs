//! What a user is told about the connection: fewer states than it has, and none of the short ones.

use everwire::State;

/// The connection in the words of a user interface.
///
/// A loss shorter than the grace of [`SocketOptions::grace`](crate::SocketOptions::grace) still reads as
/// [`Connected`](Self::Connected): most losses are over before anybody needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConnectionStatus {
    /// Not connected yet, whatever number of attempts that takes.
    #[default]
    Connecting,
    /// Connected, or lost so shortly ago that it may come back unnoticed.
    Connected,
    /// Lost for longer than the grace; dialling again.
    Reconnecting,
    /// Ended, and not dialling by itself: see [`UseSocketHandle::error`](crate::UseSocketHandle::error) for why, and
    /// [`UseSocketHandle::reconnect`](crate::UseSocketHandle::reconnect).
    Closed,
}

/// What a new state means for the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Show this now; no grace is running any more.
    Show(ConnectionStatus),
    /// Show [`ConnectionStatus::Reconnecting`] once the grace is over.
    Grace,
    /// Nothing new.
    Keep,
}

impl ConnectionStatus {
    pub(crate) fn step(self, state: State) -> Step {
        match (state, self) {
            (State::Open, _) => Step::Show(Self::Connected),
            (State::Closed, _) => Step::Show(Self::Closed),
            // Closing is the application's own wish; the end of it will be told.
            (State::Closing, _) => Step::Keep,
            (_, Self::Connected) => Step::Grace,
            (_, Self::Closed) => Step::Show(Self::Connecting),
            (_, Self::Connecting | Self::Reconnecting) => Step::Keep,
        }
    }
}
