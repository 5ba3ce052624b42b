// The numbers of a connection, read from the core's registers in the order that src/js/client/*.rs writes them.

import { now } from "../host/clock.js";
import type { Client } from "./connection.js";
import type { Stats } from "./types.js";

/** A snapshot. */
export function readStats(client: Client): Stats {
  const { _core, _id } = client;
  _core.stats(_id);
  const values = Array.from({ length: 20 }, (_, index) => _core.get(index));
  const [
    attempt, reconnects, dialAt, receivedAt, suspect, last, smoothed, variance, min, queued, queuedBytes,
    accepted, written, acked, superseded, dropped, expired, cancelled, unknown, resent,
  ] = values as [
    number, number, number, number, number, number, number, number, number, number, number,
    number, number, number, number, number, number, number, number, number,
  ];
  const at = now();
  const held = client._gates._held();
  const open = client.state === "open";
  return {
    state: client.state,
    transport: client.transport,
    attempt,
    reconnects,
    nextDialIn: dialAt === Infinity ? undefined : Math.max(dialAt - at, 0),
    rtt: last === Infinity ? undefined : { last, smoothed, variance, min },
    silentFor: open && receivedAt !== Infinity ? Math.max(at - receivedAt, 0) : undefined,
    suspect: suspect === 1,
    queued: queued + held.length,
    queuedBytes: held.reduce((sum, { _size }) => sum + _size, queuedBytes),
    bufferedAmount: open ? (client._host.socket?.bufferedAmount ?? 0) : 0,
    accepted: accepted + client._direct + client._refused,
    written: written + client._direct,
    acked,
    superseded,
    dropped: dropped + client._refused,
    expired,
    cancelled,
    unknown,
    resent,
    received: client._received,
    bytesSent: client._bytesSent,
    bytesReceived: client._bytesReceived,
    inboundDropped: client._inboundDropped,
  };
}
