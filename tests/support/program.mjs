// Real servers for the tests, as children that end with the test whatever becomes of it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const children = new Set();
const folders = new Set();

process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) remove(folder);
});
for (const [signal, number] of [["SIGHUP", 1], ["SIGINT", 2], ["SIGTERM", 15]]) process.once(signal, () => process.exit(128 + number));

/** The path of a program: one of `known`, else `name` on the path; an error that names the Debian package if there is none. */
export function findProgram(name, debianPackage, known = []) {
  const paths = [...known, ...(process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name))];
  const found = paths.find((path) => existsSync(path));
  if (found) return found;
  throw new Error(`no ${name} found; install it with: apt-get install --no-install-recommends ${debianPackage}`);
}

/** A new folder under the system's temporary one; removed with `remove`, at the latest when this process ends. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `everwire-${name}-`));
  folders.add(folder);
  return folder;
}

/** Removes a folder made by `temporaryFolder`. */
export function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  folders.delete(folder);
}

/** Ports of 127.0.0.1 that are free now, each another one. */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((done, failed) => {
    const server = createServer().once("error", failed).listen(0, "127.0.0.1", () => done(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/**
 * Starts a program with its output in the file `log`.
 *
 * `failure` is set to the reason once it could not be started or has ended without `end`; `end(signal)` ends it, by
 * SIGKILL if it has not ended after `limit` milliseconds, and resolves when it is gone. On Linux it also ends when
 * this process dies without a chance to clean up.
 */
export function startProgram(program, args, { env, cwd, log }) {
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
  const [file, ...rest] = setpriv ? [setpriv, "--pdeathsig", "KILL", program, ...args] : [program, ...args];
  const output = openSync(log, "a");
  const child = spawn(file, rest, { env: { ...process.env, ...env }, cwd, stdio: ["ignore", output, output] });
  children.add(child);
  const running = { pid: child.pid, failure: undefined, end };
  let ending = false;
  const gone = new Promise((done) => {
    child.once("error", (error) => ended(`could not be started: ${error.message}`));
    child.once("exit", (status, signal) => ended(`ended with ${signal ?? `status ${status}`}`));
    function ended(how) {
      children.delete(child);
      if (!ending) running.failure = `${program} ${how}; the end of its output:\n${tail(log)}`;
      done();
    }
  });
  async function end(signal = "SIGTERM", limit = 30_000) {
    ending = true;
    child.kill(signal);
    const force = setTimeout(() => child.kill("SIGKILL"), limit);
    await gone;
    clearTimeout(force);
  }
  return running;
}

/** Resolves once `ready()` resolves to something truthy; rejects at once when the program has failed. */
export async function untilReady(running, ready, what, limit) {
  const end = performance.now() + limit;
  for (;;) {
    if (running.failure) throw new Error(running.failure);
    if (await ready().catch(() => false)) return;
    if (performance.now() > end) throw new Error(`waited ${limit} ms for ${what}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** The last lines of a log. */
export function tail(log, lines = 30) {
  return existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(-lines).join("\n") : "";
}
