// `everwire/slim`: as `everwire`, with the module in a file of its own.
export * from "../client/index.js";
export { init, type InitSource } from "../host/slim.js";
