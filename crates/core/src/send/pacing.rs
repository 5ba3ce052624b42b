//! What each policy decides about a call, as pure functions of a slot's small state.
//!
//! A call is decided on a copy of the state, so that a send that is rejected for another reason (queue full, link down)
//! leaves its slot as it was. All times are on the pacing clock.

use super::{ConfigError, Policy};
use crate::{Span, Time};

/// What a slot remembers between calls.
#[derive(Clone, Copy, Default)]
pub(super) struct Pace {
    /// Until then the slot is not quiet: debounce: end of the quiet time, throttle: end of the interval, conflate:
    /// end of the shortest time between writes.
    pub(super) gate: Time,
    /// Throttle: the gate before the last admission, restored if the admitted value is withdrawn unwritten.
    before: Time,
    /// Debounce: the first call that has not been admitted yet.
    first: Time,
}

/// The value that a slot holds when a call arrives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    /// Waiting for its timer.
    Paced,
    /// Admitted and not yet written.
    Admitted,
}

/// What to do with a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Admit it now.
    Admit,
    /// It takes the place of the held value, whose deadline stands.
    Replace,
    /// It becomes the slot's value, admitted at this time.
    Hold(Time),
    /// Drop it: there is no trailing edge that would carry it.
    Refuse,
}

impl Pace {
    /// Decides about a call at `now`.
    pub(super) fn call(&mut self, policy: &Policy, held: Held, now: Time) -> Decision {
        let open = now >= self.gate;
        match *policy {
            Policy::Debounce {
                wait,
                max_wait,
                leading,
                trailing,
            } => {
                self.gate = now + wait;
                match held {
                    Held::Nothing if open && leading => Decision::Admit,
                    // A leading value that waits for the link.
                    Held::Paced if !trailing => Decision::Replace,
                    _ if !trailing => Decision::Refuse,
                    Held::Admitted => Decision::Replace,
                    Held::Nothing => {
                        self.first = now;
                        Decision::Hold(now + wait)
                    }
                    Held::Paced => Decision::Hold((now + wait).min(self.first + max_wait)),
                }
            }
            Policy::Throttle {
                trailing: false, ..
            } if !open => Decision::Refuse,
            Policy::Throttle {
                interval, leading, ..
            } => match held {
                Held::Nothing if !open => Decision::Hold(self.gate),
                Held::Nothing if leading => Decision::Admit,
                Held::Nothing => Decision::Hold(now + interval),
                Held::Paced => Decision::Replace,
                Held::Admitted => {
                    if open {
                        self.admitted(policy, now);
                    }
                    Decision::Replace
                }
            },
            _ => match held {
                Held::Nothing if open => Decision::Admit,
                Held::Nothing => Decision::Hold(self.gate),
                _ => Decision::Replace,
            },
        }
    }

    /// The slot's value was admitted, by its timer or by force.
    pub(super) fn admitted(&mut self, policy: &Policy, now: Time) {
        if let Policy::Throttle { interval, .. } = *policy {
            self.before = self.gate;
            self.gate = now + interval;
        }
    }

    /// The slot's value was written.
    pub(super) fn written(&mut self, policy: &Policy, now: Time) {
        if let Policy::Conflate { min_interval } = *policy {
            self.gate = now + min_interval;
        }
    }

    /// The slot's value was withdrawn unwritten: the next call finds the slot as if that value had never been, except that
    /// a throttle still keeps its distance from what was really admitted before.
    pub(super) fn withdrawn(&mut self, policy: &Policy, was_admitted: bool) {
        match policy {
            Policy::Debounce { .. } => self.gate = Time::ZERO,
            Policy::Throttle { .. } if was_admitted => self.gate = self.before,
            _ => {}
        }
    }
}

/// Checks a policy's parameters.
pub(super) fn check(policy: &Policy) -> Result<(), ConfigError> {
    let timing = |shortest: Span, longest: Span, edges: bool| match () {
        () if !edges => Err(ConfigError::NoEdge),
        () if shortest.is_zero() => Err(ConfigError::NotPositive),
        () if longest < shortest => Err(ConfigError::MaxWaitTooShort),
        () if longest == Span::MAX => Err(ConfigError::NotFinite),
        () => Ok(()),
    };
    match *policy {
        Policy::Immediate => Ok(()),
        Policy::Debounce {
            wait,
            max_wait,
            leading,
            trailing,
        } => timing(wait, max_wait, leading || trailing),
        Policy::Throttle {
            interval,
            leading,
            trailing,
        } => timing(interval, interval, leading || trailing),
        Policy::Conflate { min_interval } if min_interval == Span::MAX => {
            Err(ConfigError::NotFinite)
        }
        Policy::Conflate { .. } => Ok(()),
        Policy::Batch { max_items: 0, .. } | Policy::Batch { max_bytes: 0, .. } => {
            Err(ConfigError::EmptyBatch)
        }
        Policy::Batch {
            max_items: u32::MAX,
            max_bytes: usize::MAX,
            max_wait: Span::MAX,
        } => Err(ConfigError::UnboundedBatch),
        Policy::Batch { .. } => Ok(()),
    }
}
