//! The programs that some tests run for themselves: RabbitMQ for STOMP, Redis for several Socket.IO servers.
//!
//! Only installed here. The tests start their own ones in temporary folders on loopback; a daemon of the machine is
//! neither started nor used nor stopped.

use std::path::Path;

use anyhow::{Result, bail};

use crate::debian;
use crate::run::{Ctx, which};

/// Debian's script behind the wrapper in sbin, which would switch to another user.
const RABBITMQ: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Installs what is missing.
pub(crate) fn ensure(ctx: &Ctx) -> Result<()> {
    ctx.once("finding RabbitMQ and Redis", || {
        let missing = missing(
            Path::new(RABBITMQ).is_file(),
            which(&["redis-server"]).is_some(),
        );
        if missing.is_empty() {
            return Ok(());
        }
        if !debian::is_debian() {
            bail!(
                "the tests with brokers need {}; on Debian:\n    {}",
                missing.join(" and "),
                debian::command(&missing)
            );
        }
        debian::install(ctx, &missing)
    })
}

/// The Debian packages of what is not there.
fn missing(rabbitmq: bool, redis: bool) -> Vec<&'static str> {
    [("rabbitmq-server", rabbitmq), ("redis-server", redis)]
        .into_iter()
        .filter_map(|(package, present)| (!present).then_some(package))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_is_installed() {
        assert!(missing(true, true).is_empty());
        assert_eq!(missing(true, false), ["redis-server"]);
        assert_eq!(missing(false, false), ["rabbitmq-server", "redis-server"]);
    }
}
