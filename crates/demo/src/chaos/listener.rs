//! The listener of the WebSocket side: every accepted connection gets a pump between it and the hub.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    net::{TcpListener, TcpSocket},
    time::sleep,
};

use super::{Chaos, link::Link, pump};

/// Kernel buffers, in bytes. With the usual ones (megabytes) a bandwidth limit would fill memory instead of
/// slowing the sender down.
const KERNEL_BUFFER: u32 = 16 * 1024;
/// Buffer between hub and pump, in bytes.
const STREAM_BUFFER: usize = 4 * 1024;
/// Pending handshakes that the kernel keeps.
const BACKLOG: u32 = 1024;

/// Accepts connections and puts them under control.
#[derive(Debug)]
pub struct ChaosListener {
    tcp: TcpListener,
    chaos: Arc<Chaos>,
}

impl ChaosListener {
    /// Listens on `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// Those of the operating system, such as a port in use.
    pub fn bind(address: SocketAddr, chaos: Arc<Chaos>) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // A restarted listener must get its port back while old connections are in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        // Accepted sockets inherit the sizes.
        socket.set_send_buffer_size(KERNEL_BUFFER)?;
        socket.set_recv_buffer_size(KERNEL_BUFFER)?;
        socket.bind(address)?;
        Ok(Self {
            tcp: socket.listen(BACKLOG)?,
            chaos,
        })
    }
}

impl Listener for ChaosListener {
    type Io = HubStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (HubStream, SocketAddr) {
        loop {
            match self.tcp.accept().await {
                Ok((tcp, address)) => {
                    // Latency comes from the settings, not from Nagle. Without it the link works as well.
                    let _ = tcp.set_nodelay(true);
                    let link = self.chaos.open_link();
                    let (near, far) = tokio::io::duplex(STREAM_BUFFER);
                    let (chaos, pumped) = (self.chaos.clone(), link.clone());
                    tokio::spawn(async move {
                        pump::run(tcp, far, pumped.clone()).await;
                        chaos.forget_link(&pumped);
                    });
                    return (HubStream { stream: near, link }, address);
                }
                // Out of descriptors, or a dial that was gone before it was accepted: the listener itself is fine.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// The hub's end of a link.
#[derive(Debug)]
pub struct HubStream {
    stream: DuplexStream,
    link: Arc<Link>,
}

impl AsyncRead for HubStream {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for HubStream {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Gives a handler the link that its request came over.
#[derive(Debug, Clone)]
pub struct OverLink(pub Arc<Link>);

impl Connected<IncomingStream<'_, ChaosListener>> for OverLink {
    fn connect_info(stream: IncomingStream<'_, ChaosListener>) -> Self {
        Self(stream.io().link.clone())
    }
}
