// `everwire/slim/socket.io`: as `everwire/socket.io`, with the module in a file of its own.
export * from "../socket.io/index.js";
export { default } from "../socket.io/index.js";
export { init, type InitSource } from "../host/slim.js";
