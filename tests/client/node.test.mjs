// Every scenario in Node, with the sockets of the package `ws`: quick, and the place to debug.
import { after, test } from "node:test";
import { WebSocket } from "ws";
import * as everwire from "../../pkg/dist/client.js";
import { runScenario } from "./support/scenario.mjs";
import { scenarios } from "./support/scenarios.mjs";
import { Endpoints } from "./support/server.mjs";

const endpoints = new Endpoints();
after(() => endpoints.shut());

for (const [name, scenario] of Object.entries(scenarios)) {
  test(name, () => runScenario(scenario, {
    everwire,
    open: (options) => endpoints.open(options),
    command: (id, command, ...args) => endpoints.command(id, command, ...args),
    extra: { WebSocket },
  }));
}
