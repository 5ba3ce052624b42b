// Just enough of a W3C WebDriver client to run a script in Firefox through geckodriver.
import { spawn } from "node:child_process";

/**
 * Starts geckodriver (`program`) and a headless Firefox.
 *
 * @returns {Promise<{open(url: string): Promise<void>, run(body: string): Promise<unknown>, close(): Promise<void>}>}
 *   `run` takes the body of an async function, whose result must survive JSON; it runs as a script of the page itself,
 *   because errors of scripts from outside do not reach the page's error event
 */
export async function launchFirefox(program) {
  const driver = spawn(program, ["--host", "127.0.0.1", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const base = await new Promise((done, failed) => {
    let text = "";
    driver.on("error", failed);
    driver.on("exit", (status) => failed(new Error(`geckodriver ended with status ${status}: ${text}`)));
    driver.stdout.on("data", (chunk) => {
      text += chunk;
      const port = text.match(/Listening on 127\.0\.0\.1:(\d+)/)?.[1];
      if (port) done(`http://127.0.0.1:${port}/session`);
    });
  });
  const call = async (path, method, body) => {
    const response = await fetch(base + path, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const { sessionId } = await call("", "POST", {
    capabilities: { alwaysMatch: { browserName: "firefox", "moz:firefoxOptions": {
      args: ["-headless"],
      // Otherwise a dial after a failed one to the same address waits for up to a minute.
      prefs: { "network.websocket.delay-failed-reconnects": false },
    } } },
  }).catch((error) => {
    driver.kill();
    throw error;
  });
  await call(`/${sessionId}/timeouts`, "POST", { script: 60_000 });
  return {
    open: (url) => call(`/${sessionId}/url`, "POST", { url }),
    async run(body) {
      const script = `const [source, done] = arguments;
        const element = document.createElement("script");
        addEventListener("answer", (event) => { element.remove(); done(event.detail); }, { once: true });
        element.type = "module";
        element.textContent = source;
        document.documentElement.append(element);`;
      const source = `const answer = (value) => dispatchEvent(new CustomEvent("answer", { detail: JSON.stringify(value) }));
        (async () => { ${body} })().then((value) => answer({ value }), (error) => answer({ error: String(error) + error?.stack }));`;
      const { value, error } = JSON.parse(await call(`/${sessionId}/execute/async`, "POST", { script, args: [source] }));
      if (error) throw new Error(error);
      return value;
    },
    async close() {
      await call(`/${sessionId}`, "DELETE").finally(() => driver.kill());
    },
  };
}
