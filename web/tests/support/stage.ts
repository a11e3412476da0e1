/** What every browser test stands on: a server, a browser, and visits that must leave nothing wrong behind. */
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import {
  type JoinOptions,
  join,
  launch,
  type Person,
  type Visit,
  type VisitOptions,
  visit,
} from './browser.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';

export interface Stage {
  readonly browser: Browser;
  readonly server: Server;
  /** The visits of this test, which are closed at its end. */
  readonly visits: readonly Visit[];
  look: (path: string, options?: VisitOptions) => Promise<Page>;
  enter: (room: string, name: string, options?: Omit<JoinOptions, 'room' | 'name'>) => Promise<Person>;
}

/** For the top of a test file: starts before its tests, ends after them, and after each looks for wrongs. */
export function stage(options: ServerOptions = {}): Stage {
  let browser: Browser;
  let server: Server;
  let visits: Visit[] = [];
  before(async () => {
    server = await startServer(options);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(async () => {
    const wrongs = visits.flatMap((each) => each.wrongs.map((wrong) => `${each.page.url()}: ${wrong}`));
    for (const each of visits) await each.close();
    visits = [];
    assert.deepEqual(wrongs, []);
  });
  return {
    get browser() {
      return browser;
    },
    get server() {
      return server;
    },
    get visits() {
      return visits;
    },
    look: async (path, visitOptions) => {
      const opened = await visit(browser, server.url + path, visitOptions);
      visits.push(opened);
      return opened.page;
    },
    enter: async (room, name, joinOptions) => {
      const person = await join(browser, server.url, { room, name, ...joinOptions });
      visits.push(person);
      return person;
    },
  };
}
