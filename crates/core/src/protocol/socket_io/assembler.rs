//! Puts a packet together with the binary messages that follow it.
//!
//! Source: Socket.IO protocol v5, "Packet encoding": exactly the announced number of binary messages follows, in the
//! order of the placeholders' `num`, with no text between them.

use alloc::vec::Vec;

/// How much one packet may hold while it waits for its attachments. Their number is bounded by
/// [`Limits::max_attachments`](super::Limits::max_attachments), before they arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssemblerLimits {
    /// Most bytes of all attachments of one packet. Default 16 MiB; the reference parser has no limit.
    pub max_bytes: usize,
}

impl Default for AssemblerLimits {
    fn default() -> Self {
        Self {
            max_bytes: 16 << 20,
        }
    }
}

/// The state between a packet's text and its last attachment.
///
/// `P` is whatever stands for the packet, and `A` for one attachment: bytes, or a handle of bytes that stay with the
/// host. Any error drops what was collected: close with `parse error`, as the reference client does.
#[derive(Clone, Debug)]
pub struct Assembler<P, A> {
    limits: AssemblerLimits,
    pending: Option<Pending<P, A>>,
}

#[derive(Clone, Debug)]
struct Pending<P, A> {
    packet: P,
    attachments: Vec<A>,
    missing: u32,
    bytes: usize,
}

impl<P, A> Assembler<P, A> {
    /// An assembler that waits for a packet.
    pub const fn new(limits: AssemblerLimits) -> Self {
        Self {
            limits,
            pending: None,
        }
    }

    /// A text message arrived, and its header announces `attachments`. Without any the packet is complete at once.
    ///
    /// # Errors
    /// [`AssembleError::Interrupted`] if the packet before still waits for attachments.
    pub fn text(
        &mut self,
        packet: P,
        attachments: u32,
    ) -> Result<Option<Assembled<P, A>>, AssembleError> {
        if self.pending.take().is_some() {
            return Err(AssembleError::Interrupted);
        }
        if attachments == 0 {
            return Ok(Some(Assembled {
                packet,
                attachments: Vec::new(),
            }));
        }
        // The announced number is only a promise: memory is taken as attachments arrive.
        self.pending = Some(Pending {
            packet,
            attachments: Vec::new(),
            missing: attachments,
            bytes: 0,
        });
        Ok(None)
    }

    /// A binary message of `bytes` bytes arrived. The last one of a packet completes it.
    ///
    /// # Errors
    /// [`AssembleError::Orphan`] if no packet waits for it, [`AssembleError::TooLong`] above the limit.
    pub fn binary(
        &mut self,
        attachment: A,
        bytes: usize,
    ) -> Result<Option<Assembled<P, A>>, AssembleError> {
        let mut pending = self.pending.take().ok_or(AssembleError::Orphan)?;
        pending.bytes = pending.bytes.saturating_add(bytes);
        if pending.bytes > self.limits.max_bytes {
            return Err(AssembleError::TooLong);
        }
        pending.attachments.push(attachment);
        pending.missing = pending.missing.saturating_sub(1);
        if pending.missing > 0 {
            self.pending = Some(pending);
            return Ok(None);
        }
        Ok(Some(Assembled {
            packet: pending.packet,
            attachments: pending.attachments,
        }))
    }

    /// Attachments that the current packet still waits for, 0 between packets.
    pub fn missing(&self) -> u32 {
        self.pending.as_ref().map_or(0, |pending| pending.missing)
    }

    /// Forgets an incomplete packet. Call it when the connection is lost: its rest will never arrive.
    pub fn reset(&mut self) {
        self.pending = None;
    }
}

/// A complete packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled<P, A> {
    /// What stood for the packet.
    pub packet: P,
    /// Its attachments in the order of their placeholders.
    pub attachments: Vec<A>,
}

impl<P, A> Assembled<P, A> {
    /// The attachment that belongs at the placeholder `{"_placeholder":true,"num":num}`.
    ///
    /// # Errors
    /// [`AssembleError::Placeholder`] if the packet has no such attachment.
    pub fn attachment(&self, num: u64) -> Result<&A, AssembleError> {
        usize::try_from(num)
            .ok()
            .and_then(|num| self.attachments.get(num))
            .ok_or(AssembleError::Placeholder)
    }
}

/// Why a packet cannot be put together. All of these end the connection with `parse error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// Text arrived before the last attachment.
    #[error(
        "text while attachments are missing: the server must send them right behind the packet"
    )]
    Interrupted,
    /// A binary message belongs to no packet.
    #[error("binary message without a packet: the server must announce attachments first")]
    Orphan,
    /// The attachments of one packet exceed [`AssemblerLimits::max_bytes`].
    #[error("attachments too long: raise the limit or send less at once")]
    TooLong,
    /// A placeholder's number is not below the number of attachments.
    #[error("placeholder out of range: the server must number attachments from 0")]
    Placeholder,
}
