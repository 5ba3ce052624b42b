//! Starts and stops the two listeners and the clock of the vehicles.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::serve::Listener;
use tokio::{
    net::TcpListener,
    task::{AbortHandle, JoinSet},
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    chaos::{Chaos, ChaosListener},
    clock::now_ms,
    config::{Config, DEFAULT_PORT},
    fleet::Fleet,
    http::{self, Site},
    hub::Hub,
    socket,
    stomp::{Broker, client::Address},
    store::StoreError,
    ticker::{
        Ledger, Market,
        ledger::LedgerError,
        service::{self, Exchange, Target},
    },
};

/// Ports that are tried after the default one.
const NEXT_PORTS: u16 = 100;
/// How long connections may take to close when the server stops.
const STOP_WAIT: Duration = Duration::from_secs(3);

/// A running server. Dropping it stops the listeners; [`Server::stop`] also says goodbye to the clients.
#[derive(Debug)]
pub struct Server {
    http: SocketAddr,
    ws: SocketAddr,
    hub: Arc<Hub>,
    broker: Arc<Broker>,
    chaos: Arc<Chaos>,
    ticker: AbortHandle,
    tasks: JoinSet<()>,
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be had.
    #[error("cannot listen on port {port}: {source}; choose another one, or 0 for any")]
    Listen {
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of orders cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Server {
    /// Starts a server; when this returns, both listeners take connections.
    ///
    /// # Errors
    /// [`StartError`] if a port or the state file cannot be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let fleet = Fleet::new(usize::from(config.vehicles), config.seed);
        // Without a state file sequence numbers begin anew with every process, and its epoch says so.
        let epoch = format!("{:x}-{:x}", now_ms(), std::process::id());
        let hub = Arc::new(Hub::new(fleet, config.state.as_deref(), epoch)?);
        let chaos = Arc::new(Chaos::default());
        let broker = Arc::new(Broker::default());
        let exchange = Arc::new(exchange(&config)?);

        let page = page_listener(config.port).await?;
        let listening = |source| StartError::Listen {
            port: config.ws_port,
            source,
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, config.ws_port));
        let socket = ChaosListener::bind(address, chaos.clone()).map_err(listening)?;
        let ws = socket.local_addr().map_err(listening)?;
        let http = page.local_addr().map_err(listening)?;

        let mut tasks = JoinSet::new();
        tasks.spawn(tick(hub.clone(), Duration::from_millis(config.tick_ms)));
        tasks.spawn(socket::run(
            socket,
            ws,
            hub.clone(),
            broker.clone(),
            chaos.clone(),
        ));
        let target = target(&config, &broker);
        let ticker = tasks.spawn(service::run(exchange.clone(), target));
        let site = Site {
            hub: hub.clone(),
            exchange,
            chaos: chaos.clone(),
            ws,
            config: Arc::new(config),
            started: Instant::now(),
        };
        tasks.spawn(async move {
            // Ends only with the task: accept errors are retried by axum.
            let _ = axum::serve(page, http::router(site)).await;
        });
        chaos.powered().await;
        Ok(Self {
            http,
            ws,
            hub,
            broker,
            chaos,
            ticker,
            tasks,
        })
    }

    /// Address of the page.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Address of the WebSocket listener.
    pub fn ws_address(&self) -> SocketAddr {
        self.ws
    }

    /// The hub, for checks from within the process.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// The STOMP broker, for checks from within the process.
    pub fn broker(&self) -> &Arc<Broker> {
        &self.broker
    }

    /// Closes all connections with code 1001 and stops.
    pub async fn stop(mut self) {
        self.hub.close_all(1001, "the server is shutting down");
        self.ticker.abort();
        self.broker.close_all(1001, "the server is shutting down");
        // Who does not answer the close frame is cut off.
        let _ = timeout(STOP_WAIT, self.chaos.idle()).await;
        self.chaos.reset_all();
        self.tasks.shutdown().await;
    }
}

/// The market and its orders, which are kept beside the feed.
fn exchange(config: &Config) -> Result<Exchange, LedgerError> {
    let ledger = match &config.state {
        Some(state) => {
            let mut name = state.clone().into_os_string();
            name.push(".orders");
            Ledger::open(Path::new(&name))?
        }
        None => Ledger::default(),
    };
    Ok(Exchange::new(Market::new(config.seed), ledger))
}

/// Where the ticker publishes: at the brokers that were named, else at the one in this process.
fn target(config: &Config, broker: &Arc<Broker>) -> Target {
    let named = config.broker.iter().cloned().map(Address::At);
    let mut addresses: Vec<Address> = named.collect();
    let embedded = addresses.is_empty();
    if embedded {
        addresses.push(Address::Here(broker.clone()));
    }
    Target {
        addresses,
        login: (!embedded).then(|| config.broker_login.clone()),
        ticks_per_s: config.ticks_per_s,
    }
}

/// Listener of the page: the port asked for, or the default one, or the next free one after it.
async fn page_listener(port: Option<u16>) -> Result<TcpListener, StartError> {
    let bind = async |port: u16| {
        let listening = |source| StartError::Listen { port, source };
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(listening)
    };
    if let Some(port) = port {
        return bind(port).await;
    }
    for port in DEFAULT_PORT..DEFAULT_PORT + NEXT_PORTS {
        match bind(port).await {
            Err(StartError::Listen { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {
            }
            other => return other,
        }
    }
    bind(0).await
}

async fn tick(hub: Arc<Hub>, period: Duration) {
    let mut ticks = interval(period);
    // After a pause (a sleeping machine) one update is enough.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        hub.tick(now_ms());
    }
}
