//! What can be done to a link, as typed values: parsed from JSON, bounded, and merged per client.

use serde::{Deserialize, Deserializer, Serialize};

/// Longest added latency or jitter, ms.
const MAX_DELAY_MS: u32 = 60_000;
/// Least bandwidth, bytes per second: below it a single message takes minutes.
const MIN_BYTES_PER_S: u32 = 256;
/// Longest time for which something may be broken by a single command, seconds.
const MAX_SECONDS: f64 = 600.0;

/// State of a link or of all links; 0 means "not limited" or "none" everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Added to every byte, each way, ms.
    pub latency_ms: u32,
    /// At most this much more, at random, ms.
    pub jitter_ms: u32,
    /// Server to client, bytes per second.
    pub down_bytes_per_s: u32,
    /// Client to server, bytes per second.
    pub up_bytes_per_s: u32,
    /// Every Nth message of a client is lost.
    pub drop_inbound: u32,
    /// Every Nth message to a client is lost.
    pub drop_outbound: u32,
    /// Upgrades to a WebSocket are refused, as by some proxies.
    pub web_socket_blocked: bool,
}

/// Settings of one client that stand in for those of the server where they are present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overlay {
    /// See [`Settings::latency_ms`].
    pub latency_ms: Option<u32>,
    /// See [`Settings::jitter_ms`].
    pub jitter_ms: Option<u32>,
    /// See [`Settings::down_bytes_per_s`].
    pub down_bytes_per_s: Option<u32>,
    /// See [`Settings::up_bytes_per_s`].
    pub up_bytes_per_s: Option<u32>,
    /// See [`Settings::drop_inbound`].
    pub drop_inbound: Option<u32>,
    /// See [`Settings::drop_outbound`].
    pub drop_outbound: Option<u32>,
    /// See [`Settings::web_socket_blocked`].
    pub web_socket_blocked: Option<bool>,
}

impl Overlay {
    /// The settings in force for the client.
    pub fn over(&self, base: Settings) -> Settings {
        Settings {
            latency_ms: self.latency_ms.unwrap_or(base.latency_ms),
            jitter_ms: self.jitter_ms.unwrap_or(base.jitter_ms),
            down_bytes_per_s: self.down_bytes_per_s.unwrap_or(base.down_bytes_per_s),
            up_bytes_per_s: self.up_bytes_per_s.unwrap_or(base.up_bytes_per_s),
            drop_inbound: self.drop_inbound.unwrap_or(base.drop_inbound),
            drop_outbound: self.drop_outbound.unwrap_or(base.drop_outbound),
            web_socket_blocked: self.web_socket_blocked.unwrap_or(base.web_socket_blocked),
        }
    }
}

/// Body of `POST /chaos` as written: a field that is absent changes nothing, `null` takes a setting back.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Command {
    #[serde(deserialize_with = "present")]
    latency_ms: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    jitter_ms: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    down_bytes_per_s: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    up_bytes_per_s: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    drop_inbound: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    drop_outbound: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    web_socket_blocked: Option<Option<bool>>,
    /// Silence, or the end of it.
    pub half_open: Option<Switch>,
    /// End live links with a TCP RST.
    pub reset: bool,
    /// End live links with a close frame.
    pub close: Option<Close>,
    /// Stop the WebSocket side of the server, or start it again.
    pub kill: Option<Switch>,
    /// Undo everything first.
    pub clear: bool,
}

/// Keeps `null` apart from an absent field.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// `{"seconds": n}`, `{"seconds": null}` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Switch {
    /// On, for a time or until it is taken back.
    On {
        /// How long; none = until taken back.
        seconds: Option<f64>,
    },
    /// `false`: off. `true` is refused, since it does not say for how long.
    Bare(bool),
}

/// Close frame to send.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Close {
    /// Status code, one that may stand in a frame (RFC 6455, section 7.4).
    pub code: u16,
    /// Reason, at most 123 bytes.
    #[serde(default)]
    pub reason: String,
}

/// Why a command is refused; nothing has been changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A number is out of its range.
    #[error("{field} must be {allowed}")]
    Range {
        /// The field's name on the wire.
        field: &'static str,
        /// The allowed values.
        allowed: &'static str,
    },
    /// A kill was asked for one client.
    #[error("kill works on the whole server; leave out client, or use reset for one client")]
    KillOfOne,
    /// The name of the client is not one that a client can have.
    #[error("client must be 1 to 64 visible ascii characters")]
    Client,
    /// So many clients have settings that no more are kept.
    #[error("too many clients have settings of their own; clear some first")]
    TooManyClients,
}

impl Command {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`Refusal::Range`] with the first field that is out of bounds.
    pub fn check(&self) -> Result<(), Refusal> {
        let delay = |field, value: Option<Option<u32>>| match value.flatten() {
            Some(ms) if ms > MAX_DELAY_MS => Err(Refusal::Range {
                field,
                allowed: "0 to 60000",
            }),
            _ => Ok(()),
        };
        let rate = |field, value: Option<Option<u32>>| match value.flatten() {
            Some(bytes) if (1..MIN_BYTES_PER_S).contains(&bytes) => Err(Refusal::Range {
                field,
                allowed: "0 (unlimited) or at least 256",
            }),
            _ => Ok(()),
        };
        delay("latencyMs", self.latency_ms)?;
        delay("jitterMs", self.jitter_ms)?;
        rate("downBytesPerS", self.down_bytes_per_s)?;
        rate("upBytesPerS", self.up_bytes_per_s)?;
        switch("halfOpen", self.half_open)?;
        switch("kill", self.kill)?;
        match &self.close {
            Some(close) => close.check(),
            None => Ok(()),
        }
    }

    /// Writes the present fields into the server's settings; `null` means none.
    pub fn change_settings(&self, settings: &mut Settings) {
        let put = |to: &mut u32, value: Option<Option<u32>>| {
            if let Some(value) = value {
                *to = value.unwrap_or_default();
            }
        };
        put(&mut settings.latency_ms, self.latency_ms);
        put(&mut settings.jitter_ms, self.jitter_ms);
        put(&mut settings.down_bytes_per_s, self.down_bytes_per_s);
        put(&mut settings.up_bytes_per_s, self.up_bytes_per_s);
        put(&mut settings.drop_inbound, self.drop_inbound);
        put(&mut settings.drop_outbound, self.drop_outbound);
        if let Some(blocked) = self.web_socket_blocked {
            settings.web_socket_blocked = blocked.unwrap_or_default();
        }
    }

    /// Writes the present fields into a client's settings; `null` means as the server.
    pub fn change_overlay(&self, overlay: &mut Overlay) {
        let put = |to: &mut Option<u32>, value: Option<Option<u32>>| {
            if let Some(value) = value {
                *to = value;
            }
        };
        put(&mut overlay.latency_ms, self.latency_ms);
        put(&mut overlay.jitter_ms, self.jitter_ms);
        put(&mut overlay.down_bytes_per_s, self.down_bytes_per_s);
        put(&mut overlay.up_bytes_per_s, self.up_bytes_per_s);
        put(&mut overlay.drop_inbound, self.drop_inbound);
        put(&mut overlay.drop_outbound, self.drop_outbound);
        if let Some(blocked) = self.web_socket_blocked {
            overlay.web_socket_blocked = blocked;
        }
    }
}

fn switch(field: &'static str, value: Option<Switch>) -> Result<(), Refusal> {
    match value {
        Some(Switch::Bare(true)) => Err(Refusal::Range {
            field,
            allowed: "false or {\"seconds\": number or null}",
        }),
        Some(Switch::On {
            seconds: Some(seconds),
        }) if !(0.1..=MAX_SECONDS).contains(&seconds) => Err(Refusal::Range {
            field,
            allowed: "for 0.1 to 600 seconds",
        }),
        _ => Ok(()),
    }
}

impl Close {
    fn check(&self) -> Result<(), Refusal> {
        if !matches!(self.code, 1000..=1003 | 1007..=1013 | 3000..=4999) {
            let allowed = "a code of 1000 to 1003, 1007 to 1013 or 3000 to 4999";
            return Err(Refusal::Range {
                field: "close",
                allowed,
            });
        }
        if self.reason.len() > 123 {
            return Err(Refusal::Range {
                field: "close",
                allowed: "with a reason of up to 123 bytes",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn command(json: &str) -> Result<Command, String> {
        let command: Command = serde_json::from_str(json).map_err(|error| error.to_string())?;
        command.check().map_err(|error| error.to_string())?;
        Ok(command)
    }

    #[test]
    fn absent_fields_change_nothing_and_null_takes_back() {
        let mut all = Settings {
            latency_ms: 10,
            jitter_ms: 5,
            ..Settings::default()
        };
        command(r#"{"jitterMs":null,"dropInbound":3}"#)
            .unwrap()
            .change_settings(&mut all);
        assert_eq!(
            all,
            Settings {
                latency_ms: 10,
                drop_inbound: 3,
                ..Settings::default()
            }
        );

        let mut one = Overlay {
            latency_ms: Some(0),
            jitter_ms: Some(7),
            ..Overlay::default()
        };
        command(r#"{"jitterMs":null}"#)
            .unwrap()
            .change_overlay(&mut one);
        assert_eq!(
            one.over(all),
            Settings {
                latency_ms: 0,
                drop_inbound: 3,
                ..Settings::default()
            }
        );
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (json, field) in [
            (r#"{"latencyMs":60001}"#, "latencyMs"),
            (r#"{"jitterMs":99999}"#, "jitterMs"),
            (r#"{"downBytesPerS":255}"#, "downBytesPerS"),
            (r#"{"upBytesPerS":1}"#, "upBytesPerS"),
            (r#"{"halfOpen":{"seconds":601}}"#, "halfOpen"),
            (r#"{"halfOpen":true}"#, "halfOpen"),
            (r#"{"kill":{"seconds":0}}"#, "kill"),
            (r#"{"close":{"code":1006}}"#, "close"),
            (r#"{"close":{"code":1014}}"#, "close"),
            (r#"{"latencyMs":-1}"#, "invalid value"),
            (r#"{"speed":1}"#, "unknown field"),
        ] {
            let error = command(json).unwrap_err();
            assert!(error.contains(field), "{json}: {error}");
        }
        assert!(
            command(&format!(
                r#"{{"close":{{"code":4000,"reason":"{}"}}}}"#,
                "x".repeat(124)
            ))
            .is_err()
        );
    }

    #[test]
    fn edges_of_the_ranges_are_allowed() {
        for json in [
            "{}",
            r#"{"latencyMs":60000,"downBytesPerS":256,"upBytesPerS":0}"#,
            r#"{"halfOpen":{"seconds":null}}"#,
            r#"{"halfOpen":false,"kill":false,"clear":true,"reset":true}"#,
            r#"{"close":{"code":4999}}"#,
        ] {
            assert!(command(json).is_ok(), "{json}");
        }
    }
}
