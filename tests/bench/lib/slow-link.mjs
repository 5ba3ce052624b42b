// A link of a given bandwidth, shaped by the kernel in a network namespace of its own. A server that reads slowly is no such
// link: on loopback the sender's system buffers a megabyte before the browser notices, which hides what a client does about it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Where the program inside writes its result; standard output is the module's own. */
const RESULT_FD = 3;
/** The port to which the link is slow; the namespace is empty, so any number is free. */
export const SLOW_PORT = 4_000;
const INSIDE = fileURLToPath(new URL("slow-link-inside.mjs", import.meta.url));

// The queue holds half a second, as that of an uplink does. Cubic is what most people's systems use; BBR would take the speed of
// loopback's first packets for that of the link.
const SHAPE = `
set -e
ip link set lo mtu 1500 up
ip route replace local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 table local congctl cubic
tc qdisc add dev lo root handle 1: htb default 2
tc class add dev lo parent 1: classid 1:1 htb rate "$1"bps burst 3kb quantum 1500
tc class add dev lo parent 1: classid 1:2 htb rate 10gbit quantum 60000
tc qdisc add dev lo parent 1:1 bfifo limit $(($1 / 2))
tc filter add dev lo parent 1: protocol ip u32 match ip dport ${SLOW_PORT} 0xffff flowid 1:1
shift
exec "$@"`;

const command = (bytesPerSecond, program) =>
  ["unshare", ["--map-root-user", "--net", "sh", "-c", SHAPE, "sh", String(bytesPerSecond), ...program]];

/** Whether this system can shape a link; it takes Linux, user namespaces and iproute2. */
export const canShape = () => spawnSync(...command(64_000, ["true"]), { stdio: "ignore" }).status === 0;

/** What `measure(options)` of the module resolves to, called with a browser behind the slow link. */
export async function overSlowLink(bytesPerSecond, module, options) {
  const child = spawn(...command(bytesPerSecond, [process.execPath, INSIDE, module, JSON.stringify(options)]), { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  const [result, [status]] = await Promise.all([text(child.stdio[RESULT_FD]), once(child, "exit")]);
  if (status !== 0) throw new Error(`the measurement behind the slow link ended with status ${status}`);
  return JSON.parse(result);
}
