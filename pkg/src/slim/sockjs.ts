// `everwire/slim/sockjs`: as `everwire/sockjs`, with the module in a file of its own.
export * from "../sockjs/index.js";
export { default } from "../sockjs/index.js";
export { init, type InitSource } from "../host/slim.js";
