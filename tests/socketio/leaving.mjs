// Leaving a page over polling, in a real browser: it cuts the requests off, which is no failure to tell anybody about.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { launchChromium } from "../support/browser.mjs";
import { check } from "../support/report.mjs";
import { equal } from "./unit/assert.mjs";

const library = new URL("../../pkg/dist/socket.io.js", import.meta.url);

/** Runs the check. */
export async function checkLeaving() {
  const http = createServer((request, response) => {
    const code = request.url === "/socket.io.js";
    response.writeHead(200, { "content-type": code ? "text/javascript" : "text/html" }).end(code ? readFileSync(library) : "<!doctype html><title>page</title>");
  });
  const io = new Server(http);
  const ended = new Promise((resolve) => io.on("connection", (socket) => socket.on("disconnect", resolve)));
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${http.address().port}`;
  const browser = await launchChromium();
  try {
    await check("Chromium: leaving a page over polling is silent", async () => {
      const page = await browser.newPage();
      await page.goto(`${origin}/first`);
      await page.evaluate(async () => {
        const { io } = await import("/socket.io.js");
        const socket = io({ transports: ["polling"] });
        const note = (what) => localStorage.setItem("log", `${localStorage.getItem("log") ?? ""}${what} `);
        for (const event of ["connect", "disconnect", "connect_error"]) socket.on(event, () => note(event));
        addEventListener("pagehide", () => note("left"));
        await new Promise((resolve) => socket.once("connect", resolve));
      });
      await page.goto(`${origin}/second`);
      await ended;
      equal(await page.evaluate(() => localStorage.getItem("log")), "connect left ");
    });
  } finally {
    await browser.close();
    await io.close();
  }
}
