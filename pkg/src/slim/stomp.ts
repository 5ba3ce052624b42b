// `everwire/slim/stomp`: as `everwire/stomp`, with the module in a file of its own.
export * from "../stomp/index.js";
export { init, type InitSource } from "../host/slim.js";
