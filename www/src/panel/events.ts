/** Puts the link's changes of state into lines of the log. */
import type { StateEvent } from 'everwire';

import { duration, t } from '../i18n/index.ts';
import type { Net } from '../net.ts';
import type { Log } from './log.ts';

/** Why a state was left, in words. */
export function cause(event: StateEvent): string {
  switch (event.cause) {
    case 'socket-closed': {
      const code = event.code ?? 1006;
      if (code === 1006) return t('causeLost', { code });
      return t('causeClosed', { code, reason: event.reason ?? '' }).trim();
    }
    case 'dial-failed':
      return t('causeDial');
    case 'connect-timeout':
      return t('causeTimeout');
    case 'dead':
      return t('causeDead');
    case 'close-timeout':
      return t('causeCloseTimeout');
    case 'retry-due':
      return t('causeRetry');
    default:
      return t('causeUser');
  }
}

/** Writes what happens to a connection into the log. */
export function logEvents(net: Net, log: Log): void {
  let dialed = performance.now();
  let resent = 0;
  net.on('state', (event) => {
    switch (event.to) {
      case 'connecting':
        dialed = performance.now();
        // A dead link is replaced at once, without a wait in between that would tell why.
        if (event.from === 'open') log.add('bad', () => t('logGivenUp', { cause: cause(event) }));
        log.add('busy', () => t('logDialing', { attempt: event.attempt + 1 }));
        break;
      case 'open': {
        const time = performance.now() - dialed;
        log.add('good', () => t('logOpen', { time: duration(time) }));
        break;
      }
      case 'waiting':
        log.add('bad', () => t('logWaiting', { time: duration(event.delay ?? 0), cause: cause(event) }));
        break;
      case 'closing':
        log.add('plain', () => t('logClosing', { cause: cause(event) }));
        break;
      case 'closed':
        log.add(event.ended === 'user' ? 'plain' : 'bad', () => t('logClosed', { cause: cause(event) }));
        break;
      default:
        break;
    }
  });
  net.on('live', () => {
    const total = net.stats().resent;
    const count = total - resent;
    resent = total;
    if (count > 0) log.add('good', () => t('logResent', { count }));
  });
  net.on('error', (error) => {
    // A dial that fails is told by the wait that follows.
    if (error.code !== 'dial' && error.code !== 'handshake') log.add('bad', () => t('logError', { reason: error.message }));
  });
}
