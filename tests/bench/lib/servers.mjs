// One server per protocol, with what a client must know of it.
import { startRabbit } from "../../support/rabbitmq.mjs";
import { startEchoServers } from "./echo-servers.mjs";

/**
 * Starts them.
 *
 * @returns {Promise<{params: Record<string, {url: string, user?: string, password?: string}>, close(): Promise<void>}>}
 */
export async function startServers() {
  const echo = await startEchoServers();
  try {
    const rabbit = await startRabbit();
    const { urls: [url], user, password } = rabbit;
    const params = Object.fromEntries(Object.entries(echo.urls).map(([name, url]) => [name, { url }]));
    return {
      params: { ...params, stomp: { url, user, password } },
      close: async () => {
        await rabbit.close();
        await echo.close();
      },
    };
  } catch (error) {
    await echo.close();
    throw error;
  }
}
