/** The messages of the demo server, as `crates/messages` defines them. Times are ms since the Unix epoch. */
import type { Kind } from './map/theme.ts';

export interface Viewport {
  west: number;
  south: number;
  east: number;
  north: number;
}

export interface Position {
  id: string;
  kind: Kind;
  lat: number;
  lon: number;
  /** Degrees clockwise from north. */
  heading: number;
  /** Metres per second. */
  speed: number;
  at: number;
}

export interface OwnPosition {
  lat: number;
  lon: number;
  heading: number | null;
  speed: number | null;
}

export interface Post {
  seq: number;
  id: string;
  user: string;
  name: string;
  text: string;
  at: number;
  likes: number;
}

export interface Liked {
  seq: number;
  id: string;
  post: string;
  user: string;
  /** The post's total, not an increment. */
  likes: number;
}

export interface Presence {
  user: string;
  name: string;
  online: boolean;
}

export interface ReadMark {
  user: string;
  seq: number;
}

export interface History {
  id: string | null;
  seq: number;
  recovered: boolean;
  snapshot: boolean;
  posts: Post[];
  likes: Liked[];
}

export interface Welcome {
  client: string;
  user: string;
  room: string;
  epoch: string;
  seq: number;
  serverTime: number;
  present: Presence[];
  reads: ReadMark[];
}

export type RejectReason =
  | 'malformed'
  | 'unknownType'
  | 'invalid'
  | 'helloRequired'
  | 'rateLimited'
  | 'idTaken'
  | 'notFound'
  | 'storage';

export type ServerMessage =
  | ({ type: 'welcome' } & Welcome)
  | ({ type: 'history' } & History)
  | { type: 'ack'; id: string; seq: number; duplicate: boolean }
  | { type: 'rejected'; id: string | null; reason: RejectReason; message: string }
  | { type: 'pong'; at: number; serverTime: number; seq: number }
  | ({ type: 'posted' } & Post)
  | ({ type: 'liked' } & Liked)
  | { type: 'typing'; user: string; name: string; active: boolean }
  | ({ type: 'presence' } & Presence)
  | ({ type: 'read' } & ReadMark)
  | { type: 'snapshot'; viewport: Viewport; positions: Position[] }
  | { type: 'positions'; positions: Position[] }
  | { type: 'left'; ids: string[] }
  | { type: 'time'; id: string; serverTime: number };

export type ClientMessage =
  | { type: 'hello'; user: string; name: string; epoch: string | null; lastSeq: number | null }
  | { type: 'ping'; at: number }
  | { type: 'post'; id: string; text: string }
  | { type: 'like'; id: string; post: string; count: number }
  | { type: 'typing'; active: boolean }
  | { type: 'read'; seq: number }
  | { type: 'replay'; id: string; since: number }
  | ({ type: 'viewport' } & Viewport)
  | ({ type: 'position' } & OwnPosition);

/** What `/config.json` tells. */
export interface ServerConfig {
  ws: string;
  /** Origin of the Socket.IO server. */
  socketio: string;
  sockjs: string;
  rooms: string[];
  defaultRoom: string;
}
