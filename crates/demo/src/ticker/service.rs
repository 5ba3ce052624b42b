//! Publishes the ticks and takes the orders, as a STOMP client that reconnects.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use everwire_core::protocol::stomp::FrameBuf;
use serde_json::json;
use tokio::{
    select,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    clock::now_ms,
    stomp::client::{Address, Client, Lost},
};

use super::{
    Ledger, Market,
    ledger::{Order, Refused},
};

/// Where ticks go.
pub const TICKS: &str = "/topic/ticks";
/// Where orders that were taken are announced.
pub const FILLS: &str = "/topic/ticker.fills";
/// Where orders come from.
pub const ORDERS: &str = "/queue/ticker.orders";
/// Where requests for a snapshot come from.
pub const SNAPSHOT: &str = "/queue/ticker.snapshot";
/// RabbitMQ: the queue lives in memory on the node that made it, so that after a crash of that node another one can make
/// it anew; a durable one would be out of reach. Nothing is lost by it, since unconfirmed orders are sent again.
/// RabbitMQ takes a queue that is not durable for exclusive unless told otherwise.
const IN_MEMORY: [(&str, &str); 3] = [
    ("durable", "false"),
    ("auto-delete", "false"),
    ("exclusive", "false"),
];

/// Orders in a snapshot.
const LAST_FILLS: usize = 100;
/// How often ticks go out; those between two times share one write.
const BEAT: Duration = Duration::from_millis(10);
/// More ticks than this are not made up for after a pause.
const MOST_AT_ONCE: u64 = 2_000;
/// First and longest wait before the next dial.
const WAIT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

const ORDERS_TOKEN: u32 = 1;
const SNAPSHOT_TOKEN: u32 = 2;

/// The market and its orders, shared with the page's HTTP side.
#[derive(Debug)]
pub struct Exchange {
    market: Mutex<Market>,
    ledger: Mutex<Ledger>,
    /// Identity of this run: tick numbers begin anew with it.
    run: String,
}

/// Where the service publishes.
#[derive(Debug, Clone)]
pub struct Target {
    /// Brokers, of which one is used at a time.
    pub addresses: Vec<Address>,
    /// User and passcode.
    pub login: Option<(String, String)>,
    /// Ticks a second.
    pub ticks_per_s: u32,
}

impl Exchange {
    /// A market with its orders.
    pub fn new(market: Market, ledger: Ledger) -> Self {
        Self {
            market: Mutex::new(market),
            ledger: Mutex::new(ledger),
            run: format!("{:x}-{:x}", now_ms(), std::process::id()),
        }
    }

    /// The market.
    pub fn market(&self) -> MutexGuard<'_, Market> {
        // A price more or less is all that a panic elsewhere can have left undone.
        self.market.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The orders.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // An order is added in one step, so a panic elsewhere cannot have torn it.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Identity of this run.
    pub fn run(&self) -> &str {
        &self.run
    }

    fn snapshot(&self) -> String {
        let market = self.market();
        let prices: Vec<u32> = market.prices().collect();
        let ticks = market.ticks();
        drop(market);
        let ledger = self.ledger();
        let fills: Vec<_> = ledger.newest(LAST_FILLS).collect();
        json!({ "run": self.run, "n": ticks, "prices": prices, "fills": fills }).to_string()
    }

    /// Takes an order: the answer, and what everyone is told if it is new.
    fn order(&self, body: &[u8]) -> (String, Option<String>) {
        let order: Order = match serde_json::from_slice(body) {
            Ok(order) => order,
            Err(error) => {
                let answer = json!({ "status": "refused", "reason": error.to_string() });
                return (answer.to_string(), None);
            }
        };
        let id = order.id.clone();
        let price = self.market().price_of(&order.symbol);
        let taken = self.ledger().take(order, price, now_ms());
        match taken {
            Ok((new, fill)) => {
                let answer = json!({ "status": "filled", "duplicate": !new, "fill": &fill });
                (answer.to_string(), new.then(|| json!(fill).to_string()))
            }
            Err(Refused::Store) => {
                let answer = json!({ "status": "retry", "id": id });
                (answer.to_string(), None)
            }
            Err(refused) => {
                let reason = refused.to_string();
                let answer = json!({ "status": "refused", "id": id, "reason": reason });
                (answer.to_string(), None)
            }
        }
    }
}

/// Runs until the task is dropped. A lost broker is dialled again, the next of the list first.
pub async fn run(exchange: Arc<Exchange>, target: Target) {
    let mut wait = WAIT.0;
    let mut told = String::new();
    for address in target.addresses.iter().cycle() {
        let began = Instant::now();
        let lost = match serve(&exchange, &target, address).await {
            Ok(never) => match never {},
            Err(lost) => lost,
        };
        let where_to = match address {
            Address::Here(_) => "the embedded broker",
            Address::At(url) => url,
        };
        let line = format!("ticker: {where_to}: {lost}");
        // The same trouble again and again is told once.
        if line != told {
            eprintln!("{line}");
            told = line;
        }
        if began.elapsed() > WAIT.1 {
            wait = WAIT.0;
        }
        sleep(wait).await;
        wait = (wait * 2).min(WAIT.1);
    }
}

async fn serve(
    exchange: &Exchange,
    target: &Target,
    address: &Address,
) -> Result<std::convert::Infallible, Lost> {
    let login = target.login.as_ref();
    let login = login.map(|(user, passcode)| (user.as_str(), passcode.as_str()));
    let mut client = Client::connect(address, login).await?;
    let [durable, auto_delete, exclusive] = IN_MEMORY;
    let fields = [
        ("ack", "client-individual"),
        ("prefetch-count", "100"),
        durable,
        auto_delete,
        exclusive,
    ];
    client.subscribe(ORDERS_TOKEN, ORDERS, &fields)?;
    client.subscribe(SNAPSHOT_TOKEN, SNAPSHOT, &fields)?;
    client.flush().await?;

    let mut pace = Pace::new(target.ticks_per_s);
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        select! {
            _ = beat.tick() => {
                let ticks = pace.due();
                publish(exchange, &mut client, ticks)?;
            }
            _ = second.tick() => exchange.market().remember(),
            message = client.next() => {
                let (token, message) = message?;
                answer(exchange, &mut client, token, &message)?;
            }
        }
        client.flush().await?;
    }
}

fn publish(exchange: &Exchange, client: &mut Client, ticks: u64) -> Result<(), Lost> {
    let at = now_ms();
    let bodies: VecDeque<String> = {
        let mut market = exchange.market();
        (0..ticks)
            .map(|_| {
                let tick = market.tick();
                let symbols = market.symbols();
                let code = symbols.get(tick.symbol).map_or("", |found| &found.code);
                format!(
                    r#"{{"s":"{code}","p":{},"n":{},"t":{at}}}"#,
                    tick.price, tick.number
                )
            })
            .collect()
    };
    for body in bodies {
        client.send(TICKS, &[("content-type", "application/json")], &body)?;
    }
    Ok(())
}

/// Answers a request and only then acknowledges it: what is cut off in between comes again.
fn answer(
    exchange: &Exchange,
    client: &mut Client,
    token: Option<u32>,
    message: &FrameBuf,
) -> Result<(), Lost> {
    let (answer, news) = match token {
        Some(ORDERS_TOKEN) => exchange.order(&message.body),
        Some(SNAPSHOT_TOKEN) => (exchange.snapshot(), None),
        _ => return Ok(()),
    };
    let kind = [("content-type", "application/json")];
    if let Some(reply_to) = message.header("reply-to") {
        client.send(reply_to, &kind, &answer)?;
    }
    if let Some(news) = news {
        client.send(FILLS, &kind, &news)?;
    }
    client.ack(message)
}

/// How many ticks are due, by the clock: a late timer does not slow the market down.
#[derive(Debug)]
struct Pace {
    began: Instant,
    per_s: u64,
    done: u64,
}

impl Pace {
    fn new(per_s: u32) -> Self {
        Self {
            began: Instant::now(),
            per_s: per_s.into(),
            done: 0,
        }
    }

    fn due(&mut self) -> u64 {
        let all = self.began.elapsed().as_micros() as u64 * self.per_s / 1_000_000;
        let due = all.saturating_sub(self.done).min(MOST_AT_ONCE);
        self.done = all;
        due
    }
}
