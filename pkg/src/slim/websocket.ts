// `everwire/slim/websocket`: as `everwire/websocket`, with the module in a file of its own.
export * from "../websocket/index.js";
export { default } from "../websocket/index.js";
export { init, type InitSource } from "../host/slim.js";
