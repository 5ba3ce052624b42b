//! What the server says, per session.
//!
//! | Namespace | |
//! |---|---|
//! | `/private` | lets in only with `{"token":"secret"}`, else `not authorized` with data `{"code":7}` |
//! | others | let in everybody |
//!
//! | Event | Behaviour |
//! |---|---|
//! | `echo` | comes back with its arguments; they are its ack too |
//! | `auth` | the ack has the auth data of the namespace |
//! | `ask` | sends `question` with the arguments and an ack id; the answer comes back as `answered` |
//! | `flaky` KEY N | acknowledged from the Nth time on, with how often it came |
//! | `flood` N | sends `number` 0 to N-1 |
//! | `leave` | the server leaves the namespace |
//! | `close`, `cut` | the session ends, with a goodbye or without |
//! | `miss` N | cut, and N events `missed` are sent meanwhile: with state recovery they are not lost |
//! | `raw` TEXT | sends this Engine.IO packet |
//! | others | nothing |

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use everwire_core::protocol::socket_io::{
    Assembled, Assembler, AssemblerLimits, Header, Limits, Packet, PacketType,
};
use serde_json::{Value, json};

use super::{End, LAST_SID, Out, lock};

/// Events of recoverable sessions, with their offsets.
static LOGS: LazyLock<Mutex<HashMap<String, Log>>> = LazyLock::new(Mutex::default);
static TIMES: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Mutex::default);

/// Payloads with their offsets.
type Log = Vec<(u64, String)>;

/// A packet that may wait for attachments.
struct Waiting {
    kind: PacketType,
    namespace: String,
    id: Option<u64>,
    payload: String,
}

pub(super) struct Conversation {
    recover: bool,
    assembler: Assembler<Waiting, Vec<u8>>,
    auth: HashMap<String, Value>,
    pid: Option<String>,
    offset: u64,
    last_ask: u64,
    said: Vec<Out>,
    end: Option<End>,
}

impl Conversation {
    pub(super) fn new(recover: bool) -> Self {
        Self {
            recover,
            assembler: Assembler::new(AssemblerLimits::default()),
            auth: HashMap::new(),
            pid: None,
            offset: 0,
            last_ask: 0,
            said: Vec::new(),
            end: None,
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        let Ok(Packet { header, payload }) = Packet::decode(text, Limits::default()) else {
            self.end = Some(End::Close);
            return;
        };
        let waiting = Waiting {
            kind: header.kind,
            namespace: header.namespace.to_owned(),
            id: header.id,
            payload: payload.to_owned(),
        };
        if let Ok(Some(packet)) = self.assembler.text(waiting, header.attachments) {
            self.packet(packet);
        }
    }

    pub(super) fn binary(&mut self, bytes: &[u8]) {
        if let Ok(Some(packet)) = self.assembler.binary(bytes.to_vec(), bytes.len()) {
            self.packet(packet);
        }
    }

    pub(super) fn take_said(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.said)
    }

    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    fn packet(&mut self, packet: Assembled<Waiting, Vec<u8>>) {
        let Waiting {
            kind,
            namespace,
            id,
            payload,
        } = packet.packet;
        match kind {
            PacketType::Connect => self.connect(&namespace, &payload),
            PacketType::Event | PacketType::BinaryEvent => {
                let Ok(Value::Array(mut args)) = serde_json::from_str(&payload) else {
                    return;
                };
                if args.is_empty() {
                    return;
                }
                let name = args.remove(0);
                let name = name.as_str().unwrap_or_default();
                self.event(&namespace, name, &args, id, packet.attachments);
            }
            PacketType::Ack | PacketType::BinaryAck => {
                let answer: Value = serde_json::from_str(&payload).unwrap_or_default();
                let answer = answer.as_array().cloned().unwrap_or_default();
                self.say(
                    &namespace,
                    None,
                    Some("answered"),
                    &answer,
                    packet.attachments,
                );
            }
            PacketType::Disconnect | PacketType::ConnectError => {
                self.auth.remove(&namespace);
            }
        }
    }

    fn connect(&mut self, namespace: &str, payload: &str) {
        let auth: Value = serde_json::from_str(payload).unwrap_or_default();
        if namespace == "/private" && auth.get("token") != Some(&json!("secret")) {
            let error = json!({ "message": "not authorized", "data": { "code": 7 } });
            return self.packet_text(PacketType::ConnectError, namespace, None, &error);
        }
        let number = LAST_SID.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut reply = json!({ "sid": format!("socket-{number}") });
        if self.recover {
            let asked = auth.get("pid").and_then(Value::as_str).map(str::to_owned);
            let log = asked.as_ref().and_then(|pid| lock(&LOGS).get(pid).cloned());
            let pid = match (asked, log) {
                (Some(pid), Some(log)) => {
                    let offset = auth.get("offset").and_then(Value::as_str);
                    let seen: u64 = offset.and_then(|offset| offset.parse().ok()).unwrap_or(0);
                    for (offset, payload) in log.into_iter().filter(|(offset, _)| *offset > seen) {
                        self.offset = self.offset.max(offset);
                        self.raw(format!("42{payload}"));
                    }
                    pid
                }
                _ => format!("private-{number}"),
            };
            lock(&LOGS).entry(pid.clone()).or_default();
            if let Value::Object(reply) = &mut reply {
                reply.insert("pid".to_owned(), json!(pid));
            }
            self.pid = Some(pid);
        }
        self.auth.insert(namespace.to_owned(), auth);
        self.packet_text(PacketType::Connect, namespace, None, &reply);
    }

    fn event(
        &mut self,
        namespace: &str,
        name: &str,
        args: &[Value],
        id: Option<u64>,
        attachments: Vec<Vec<u8>>,
    ) {
        if !self.auth.contains_key(namespace) {
            return;
        }
        let number = |index: usize| args.get(index).and_then(Value::as_u64).unwrap_or(0);
        match name {
            "echo" => {
                if id.is_some() {
                    self.say(namespace, id, None, args, attachments.clone());
                }
                self.say(namespace, None, Some("echo"), args, attachments);
            }
            "auth" => {
                let auth = self.auth.get(namespace).cloned().unwrap_or_default();
                self.say(namespace, id, None, &[auth], Vec::new());
            }
            "ask" => {
                self.last_ask += 1;
                let ask = Some(self.last_ask);
                self.say(namespace, ask, Some("question"), args, attachments);
            }
            "flaky" => {
                let key = args.first().map(Value::to_string).unwrap_or_default();
                let times = {
                    let mut all = lock(&TIMES);
                    let times = all.entry(key).or_insert(0);
                    *times += 1;
                    *times
                };
                if times >= number(1) {
                    self.say(namespace, id, None, &[json!(times)], Vec::new());
                }
            }
            "flood" => {
                for value in 0..number(0) {
                    self.say(namespace, None, Some("number"), &[json!(value)], Vec::new());
                }
            }
            "leave" => {
                self.auth.remove(namespace);
                self.packet_text(PacketType::Disconnect, namespace, None, &Value::Null);
            }
            "close" => self.end = Some(End::Close),
            "cut" => self.end = Some(End::Cut),
            "miss" => {
                self.end = Some(End::Cut);
                if let Some(pid) = &self.pid {
                    let mut logs = lock(&LOGS);
                    let log = logs.entry(pid.clone()).or_default();
                    for value in 0..number(0) {
                        self.offset += 1;
                        let payload = json!(["missed", value, self.offset.to_string()]);
                        log.push((self.offset, payload.to_string()));
                    }
                }
            }
            "raw" => {
                let text = args.first().and_then(Value::as_str).unwrap_or_default();
                self.raw(text.to_owned());
            }
            _ => {}
        }
    }

    /// Sends an event, or an ack if it has no name.
    fn say(
        &mut self,
        namespace: &str,
        id: Option<u64>,
        name: Option<&str>,
        args: &[Value],
        attachments: Vec<Vec<u8>>,
    ) {
        let kind = match (name.is_some(), attachments.is_empty()) {
            (true, true) => PacketType::Event,
            (true, false) => PacketType::BinaryEvent,
            (false, true) => PacketType::Ack,
            (false, false) => PacketType::BinaryAck,
        };
        if kind.is_ack() && id.is_none() {
            return;
        }
        let mut all: Vec<Value> = name.into_iter().map(Value::from).collect();
        all.extend_from_slice(args);
        if let (Some(pid), None, true) = (&self.pid, id, name.is_some()) {
            self.offset += 1;
            all.push(json!(self.offset.to_string()));
            lock(&LOGS).entry(pid.clone()).or_default();
        }
        let mut text = String::from("4");
        let header = Header {
            kind,
            attachments: attachments.len() as u32,
            namespace,
            id,
        };
        if header.encode(Limits::default(), &mut text).is_ok() {
            text.push_str(&Value::Array(all).to_string());
            self.raw(text);
            self.said.extend(attachments.into_iter().map(Out::Bytes));
        }
    }

    fn packet_text(&mut self, kind: PacketType, namespace: &str, id: Option<u64>, data: &Value) {
        let mut header = Header::new(kind, namespace);
        header.id = id;
        let mut text = String::from("4");
        if header.encode(Limits::default(), &mut text).is_ok() {
            if !data.is_null() {
                text.push_str(&data.to_string());
            }
            self.raw(text);
        }
    }

    fn raw(&mut self, text: String) {
        self.said.push(Out::Text(text));
    }
}
