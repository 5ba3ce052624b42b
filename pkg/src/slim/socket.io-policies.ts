// `everwire/slim/socket.io/policies`: as `everwire/socket.io/policies`, with the module in a file of its own.
export * from "../socket.io/policies.js";
export { init, type InitSource } from "../host/slim.js";
