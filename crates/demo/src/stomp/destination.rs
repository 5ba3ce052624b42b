//! Names that clients send to and subscribe to, with the prefixes of RabbitMQ.

use super::Refusal;

/// Longest destination, bytes.
pub const MAX_LENGTH: usize = 255;
/// Prefix of the queues that replies go to.
pub const REPLY_QUEUE: &str = "/reply-queue/";
/// Prefix under which a client names a reply queue of its own.
pub const TEMP_QUEUE: &str = "/temp-queue/";

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Everyone who is subscribed gets a copy.
    Topic(String),
    /// One of those who are subscribed gets it, now or later.
    Queue(String),
    /// The one connection that made it gets it, as long as it is there.
    Reply(String),
}

impl Destination {
    /// Reads the destination of a `SEND`.
    ///
    /// # Errors
    /// [`Refusal`] if nothing can be sent there.
    pub fn of_send(name: &str) -> Result<Self, Refusal> {
        if name.starts_with(REPLY_QUEUE) && name.len() <= MAX_LENGTH {
            return Ok(Self::Reply(name.to_owned()));
        }
        Self::of_subscription(name)
    }

    /// Reads the destination of a `SUBSCRIBE`.
    ///
    /// # Errors
    /// [`Refusal`] if nothing can be subscribed to there.
    pub fn of_subscription(name: &str) -> Result<Self, Refusal> {
        let rest = |prefix| {
            name.strip_prefix(prefix)
                .filter(|rest: &&str| !rest.is_empty() && name.len() <= MAX_LENGTH)
        };
        if rest("/topic/").is_some() {
            Ok(Self::Topic(name.to_owned()))
        } else if rest("/queue/").is_some() {
            Ok(Self::Queue(name.to_owned()))
        } else {
            Err(Refusal::new(
                "unknown destination",
                "use /topic/NAME or /queue/NAME with at most 255 bytes; \
                 /temp-queue/NAME is for reply-to headers only",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn prefixes_decide_and_anything_else_is_refused() {
        let topic = Destination::Topic("/topic/a".into());
        assert_eq!(Destination::of_send("/topic/a").unwrap(), topic);
        assert_eq!(Destination::of_subscription("/topic/a").unwrap(), topic);
        assert_eq!(
            Destination::of_send("/queue/a").unwrap(),
            Destination::Queue("/queue/a".into())
        );
        assert_eq!(
            Destination::of_send("/reply-queue/x").unwrap(),
            Destination::Reply("/reply-queue/x".into())
        );
        assert!(Destination::of_subscription("/reply-queue/x").is_err());
        let long = format!("/queue/{}", "x".repeat(MAX_LENGTH));
        for name in ["", "a", "/topic/", "/queue/", "/temp-queue/a", &long] {
            assert!(Destination::of_send(name).is_err(), "{name}");
        }
    }
}
