//! A user of a room: present or in the grace period, typing or not.

use crate::room::{PRESENCE_GRACE_MS, TYPING_TTL_MS};

/// State of a user who is present, or was until just now.
#[derive(Debug, Default)]
pub(crate) struct User {
    name: String,
    clients: usize,
    gone_at: Option<u64>,
    typing_until: Option<u64>,
}

impl User {
    /// Name to show.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Takes a new name. True if the user was not there or had another one.
    pub(crate) fn rename(&mut self, name: &str) -> bool {
        let changed = self.name != name;
        if changed {
            name.clone_into(&mut self.name);
        }
        changed
    }

    /// One more client; ends the grace period.
    pub(crate) fn connected(&mut self) {
        self.clients += 1;
        self.gone_at = None;
    }

    /// One client less; with the last one, the grace period begins.
    pub(crate) fn disconnected(&mut self, now: u64) {
        self.clients = self.clients.saturating_sub(1);
        if self.clients == 0 {
            self.gone_at = Some(now + PRESENCE_GRACE_MS);
        }
    }

    /// Whether the grace period is over.
    pub(crate) fn is_gone(&self, now: u64) -> bool {
        self.gone_at.is_some_and(|at| at <= now)
    }

    /// Begins or refreshes typing, or ends it.
    pub(crate) fn typing(&mut self, active: bool, now: u64) {
        self.typing_until = active.then_some(now + TYPING_TTL_MS);
    }

    /// Ends typing. True if it was going on.
    pub(crate) fn stop_typing(&mut self) -> bool {
        self.typing_until.take().is_some()
    }

    /// Whether typing was not refreshed in time.
    pub(crate) fn typing_is_over(&self, now: u64) -> bool {
        self.typing_until.is_some_and(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_gone_3_s_after_the_last_client_and_a_reconnect_ends_the_wait() {
        let mut user = User::default();
        user.connected();
        user.connected();
        user.disconnected(1000);
        assert!(!user.is_gone(u64::MAX), "one client is left");
        user.disconnected(2000);
        assert!(!user.is_gone(4999));
        assert!(user.is_gone(5000));
        user.connected();
        assert!(!user.is_gone(u64::MAX));
    }

    #[test]
    fn typing_ends_5_s_after_the_last_refresh_and_only_once() {
        let mut user = User::default();
        user.typing(true, 1000);
        user.typing(true, 3000);
        assert!(!user.typing_is_over(7999));
        assert!(user.typing_is_over(8000));
        assert!(user.stop_typing());
        assert!(!user.stop_typing());
        assert!(!user.typing_is_over(u64::MAX));
    }
}
