// What a packet of Socket.IO v5 is, whichever parser writes it.

/** Types of packets, by their number on the wire. */
export const enum PacketType { connect, disconnect, event, ack, connectError, binaryEvent, binaryAck }

/** A packet. */
export interface Packet {
  type: PacketType;
  nsp: string;
  data?: any;
  id?: number;
  options?: { compress?: boolean };
  attachments?: number;
}

/** Names that only the client itself raises. */
export const RESERVED: ReadonlySet<unknown> = new Set(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]);
