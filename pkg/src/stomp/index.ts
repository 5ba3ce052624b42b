// `everwire/stomp`: what `@stomp/stompjs` 7.5 exports.
export { Client } from "./client.js";
export { CompatClient } from "./compat-client.js";
export { StompConfig, StompHeaders } from "./config.js";
export { FrameImpl } from "./frame.js";
export { Parser } from "./parser.js";
export { Stomp } from "./stomp.js";
export * from "./types.js";
export { Versions } from "./versions.js";
