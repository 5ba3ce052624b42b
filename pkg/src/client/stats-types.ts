// The numbers of a connection. Times are milliseconds, sizes are bytes.

import type { ConnectionState } from "./types.js";

/** Round-trip times of the heartbeat. */
export interface RoundTrip {
  readonly last: number;
  /** Smoothed as in RFC 6298. */
  readonly smoothed: number;
  readonly variance: number;
  readonly min: number;
}

/** Numbers of a connection since `connect`. */
export interface Stats {
  readonly state: ConnectionState;
  /** What carries the open link, see `Connection.transport`. */
  readonly transport: string | undefined;
  /** Consecutive attempts since the last stable link. */
  readonly attempt: number;
  /** Times the link was open again after a loss. */
  readonly reconnects: number;
  /** Time until the next dial while waiting. */
  readonly nextDialIn: number | undefined;
  readonly rtt: RoundTrip | undefined;
  /** Time since the last message of the open socket. */
  readonly silentFor: number | undefined;
  /** Whether a probe is out because the link may be dead. */
  readonly suspect: boolean;
  /** Messages that wait (paced, queued, being read, unacknowledged and kept for a resend). */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Bytes that the socket holds back. */
  readonly bufferedAmount: number;
  readonly accepted: number;
  readonly written: number;
  readonly acked: number;
  readonly superseded: number;
  readonly dropped: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly unknown: number;
  readonly resent: number;
  /** Messages received, pongs and undecodable ones included. */
  readonly received: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Messages that full iterators gave up. */
  readonly inboundDropped: number;
}
