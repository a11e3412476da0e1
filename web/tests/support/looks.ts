/** What holds for every state of the page: it can be read by all, and fits a phone. Takes its picture on the way. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import type { VisitOptions } from './browser.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SCHEMES = ['light', 'dark'] as const;
const PHONE = { viewport: { width: 360, height: 680 }, hasTouch: true };

/** Each state by its name, brought about on a fresh visit. */
export type States = Record<string, (options: VisitOptions) => Promise<Page>>;

export function eachState(states: States): void {
  for (const [name, reach] of Object.entries(states)) {
    const file = name.replaceAll(' ', '-');

    for (const colorScheme of SCHEMES) {
      test(`${name}, ${colorScheme}: nothing that accessibility checks find`, async () => {
        const page = await reach({ colorScheme, reducedMotion: 'reduce' });
        await page.screenshot({ path: `test-results/${file}-${colorScheme}.png` });
        assert.deepEqual(await violations(page), []);
      });
    }

    test(`${name}: fits 360 pixels without scrolling sideways`, async () => {
      const page = await reach({ ...PHONE, colorScheme: 'light' });
      await page.screenshot({ path: `test-results/${file}-phone.png`, fullPage: true });
      const { wanted, given, beyond } = await page.evaluate(() => ({
        wanted: document.documentElement.scrollWidth,
        given: innerWidth,
        beyond: [...document.querySelectorAll('button, input, select, textarea, h1, p')]
          .filter((element) => {
            const { left, right } = element.getBoundingClientRect();
            return left < -0.5 || right > innerWidth + 0.5;
          })
          .map((element) => element.outerHTML.slice(0, 120)),
      }));
      assert.deepEqual(beyond, []);
      assert.ok(wanted <= given, `${wanted} px wide`);
    });
  }
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: () => Promise<AxeResults> } };
    const { violations: found } = await axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
}
