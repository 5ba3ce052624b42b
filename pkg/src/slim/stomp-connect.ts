// `everwire/slim/stomp/connect`: as `everwire/stomp/connect`, with the module in a file of its own.
export * from "../stomp-connect/index.js";
export { init, type InitSource } from "../host/slim.js";
