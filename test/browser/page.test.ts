/** Pages as a browser shows them: from a file, without a network, with the keyboard, in the dark and on paper. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { chartSvg } from '../../src/cli/render/chart/drawing.ts';
import { operationPage } from '../../src/cli/render/page/operation-page.ts';
import { inspectionOf } from '../../src/inspect/inspection.ts';
import { servePages } from '../../src/system/linux/loopback-server.ts';
import type { ReadSegment } from '../../src/inspect/history-rows.ts';
import {
  completedUpgrade,
  inspected,
  resumedUpgrade,
  undoneUpgrade,
  unfinishedUpgrade,
} from '../support/simulated/inspected.ts';
import { foldOperation } from '../../src/engine/fold.ts';

const CHROMIUM = '/usr/bin/chromium';
const PROGRAM = { program: 'slotwright' };

const HOSTILE =
  '</script></pre></li><img src=x onerror="document.title=`hit`"><script>document.title=`hit`</script>';

/** Debian's browser: `npm test` as root installs it. */
describe.skipIf(!existsSync(CHROMIUM))(`in a browser (needs ${CHROMIUM})`, () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'slotwright-page-'));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A page that nobody has opened; what it complains of and asks for beyond itself is kept. */
  async function blank(options: BrowserContextOptions = {}) {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    return { page, complaints, requests };
  }

  /** The page of the last operation, opened from a file without a network. */
  async function opened(segments: readonly ReadSegment[], options: BrowserContextOptions = {}) {
    const inspection = inspected(segments);
    const file = path.join(folder, `${inspection.timeline.id}.html`);
    await writeFile(file, operationPage(inspection, PROGRAM));
    const view = await blank({ offline: true, ...options });
    const url = pathToFileURL(file).href;
    await view.page.goto(url);
    return { ...view, url, inspection };
  }

  const textOf = (page: Page, selector: string) => page.locator(selector).textContent();
  const here = (page: Page) => page.locator('.chart .here').getAttribute('data-state');

  it.each([
    ['completed', completedUpgrade],
    ['undone', undoneUpgrade],
    ['resumed', resumedUpgrade],
    ['unfinished', unfinishedUpgrade],
  ])('an operation that is %s opens without a complaint and asks nobody', async (_, make) => {
    const { complaints, requests, url, page, inspection } = await opened(await make());
    expect(complaints).toEqual([]);
    expect(requests).toEqual([url]);
    expect(await here(page)).toBe(inspection.path.now);
  });

  it('the keyboard moves the moment, and with it chart, slots and record', async () => {
    const { page, inspection } = await opened(await completedUpgrade());
    await page.keyboard.press('Home');
    expect(await textOf(page, '#moment-what')).toBe('log begun (first)');
    await page.keyboard.press('End');
    const pivot = inspection.timeline.entries.find(({ text }) => text === 'set-active');
    const steps = inspection.timeline.entries.filter(({ seq }) => seq > (pivot?.seq ?? 0)).length;
    for (let step = 0; step < steps; step += 1) await page.keyboard.press('ArrowLeft');
    expect(await textOf(page, '#moment-what')).toBe('set-active');
    expect(await here(page)).toBe('set-passive');
    expect(await textOf(page, '#slots .changed th')).toBe('active');
    expect(await textOf(page, '[aria-current]')).toContain('set-active');
    expect(await page.locator('.chart [data-state="publish-state"].later').count()).toBe(1);
    await page.keyboard.press('ArrowLeft');
    expect(await here(page)).toBe('set-active');
    expect(await page.locator('#slots .changed').count()).toBe(0);
  });

  it('the slider and the buttons do the same, and say where they are', async () => {
    const { page } = await opened(await completedUpgrade());
    await page.getByRole('button', { name: 'Previous record' }).click();
    const slider = page.getByRole('slider', { name: 'Moment of the operation' });
    const before = Number(await slider.inputValue());
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    expect(Number(await slider.inputValue())).toBe(before - 1);
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^record \d+, /);
    await page.getByRole('button', { name: 'Next record' }).click();
    await page.getByRole('button', { name: 'Next record' }).click();
    expect(await page.getByRole('button', { name: 'Next record' }).isDisabled()).toBe(true);
  });

  it('the number of a record leads to its moment, also from elsewhere', async () => {
    const { page, url, inspection } = await opened(await resumedUpgrade());
    const spoiled = inspection.timeline.entries.find(({ event }) => event === 'target.spoiled');
    await page.locator(`#r${spoiled?.seq ?? 0} > a.seq`).click();
    expect(await textOf(page, '#moment-target')).toBe('2');
    await page.goto('about:blank');
    await page.goto(`${url}#r${spoiled?.seq ?? 0}`);
    expect(await textOf(page, '#moment-target')).toBe('2');
    expect(await here(page)).toBe('mount-target');
  });

  it('what a hook printed is text', async () => {
    const { page, complaints } = await opened(
      await completedUpgrade({ outputs: [HOSTILE], step: HOSTILE }),
    );
    for (const key of ['Home', ...Array<string>(30).fill('ArrowRight')]) {
      await page.keyboard.press(key);
    }
    expect(await page.title()).toMatch(/^upgrade sim\d+: completed$/);
    expect(await page.locator('img').count()).toBe(0);
    expect(await textOf(page, '.output pre')).toContain(HOSTILE);
    expect(complaints).toEqual([]);
  });

  it('every control has a name, every part of the page a landmark, and focus is seen', async () => {
    const { page } = await opened(await undoneUpgrade());
    const nameless = await page.evaluate(`
      [...document.querySelectorAll('button, input, a, summary, [tabindex="0"]')]
        .filter((one) => !(one.getAttribute('aria-label') ?? one.textContent).trim())
        .map((one) => one.outerHTML)`);
    expect(nameless).toEqual([]);
    const twice = await page.evaluate(`
      [...document.querySelectorAll('[id]')].map(({ id }) => id).filter((id, at, all) => all.indexOf(id) !== at)`);
    expect(twice).toEqual([]);
    const dangling = await page.evaluate(`
      [...document.querySelectorAll('[aria-labelledby], [for]')]
        .flatMap((one) => (one.getAttribute('aria-labelledby') ?? one.getAttribute('for')).split(' '))
        .filter((id) => document.getElementById(id) === null)`);
    expect(dangling).toEqual([]);
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(
      `[document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]`,
    );
    expect(focused).toEqual(['Skip to the records', 'solid']);
  });

  it.each(['light', 'dark'] as const)(
    'text stands out from its ground when it is %s',
    async (colorScheme) => {
      const { page } = await opened(await undoneUpgrade(), { colorScheme });
      const weak = await page.evaluate(`(() => {
      const channels = (color) => color.match(/[\\d.]+/g).map(Number);
      const light = (color) => channels(color).slice(0, 3)
        .map((part) => part / 255)
        .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
      const ground = (one) => {
        for (let at = one; at !== null; at = at.parentElement) {
          const color = getComputedStyle(at).backgroundColor;
          if (channels(color)[3] !== 0) return color;
        }
        return 'rgb(255,255,255)';
      };
      return [...document.querySelectorAll('h1, h2, h3, p, dt, dd, td, th, .text, .seq, .at, .soft, .took, code, summary, .outcome, figcaption, footer')]
        .filter((one) => one.textContent.trim() !== '' && one.closest('[hidden], :disabled') === null)
        .map((one) => {
          const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
          return [(a + 0.05) / (b + 0.05), one.className, one.textContent.slice(0, 40)];
        })
        .filter(([ratio]) => ratio < 4.5);
    })()`);
      expect(weak).toEqual([]);
    },
  );

  it('fits a phone without scrolling sideways', async () => {
    const { page } = await opened(await undoneUpgrade(), { viewport: { width: 360, height: 740 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('on paper shows everything and no controls', async () => {
    const outputs = [Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n')];
    const { page } = await opened(await completedUpgrade({ outputs }));
    await page.keyboard.press('Home');
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(await page.locator('#bar').isVisible()).toBe(false);
    expect(await page.locator('details:not([open])').count()).toBe(0);
    expect(await page.locator('pre', { hasText: 'line 39' }).isVisible()).toBe(true);
    expect(await here(page)).toBe('completed');
    await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
    expect(await textOf(page, '#moment-what')).toBe('log begun (first)');
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(1000);
  });

  it('without its script shows the end of the operation, and every record', async () => {
    const { page, inspection } = await opened(await undoneUpgrade(), { javaScriptEnabled: false });
    expect(await page.locator('#bar').isVisible()).toBe(false);
    expect(await textOf(page, '#moment-state')).toBe('rolled-back');
    expect(await page.locator('.records .seq').count()).toBe(inspection.timeline.entries.length);
  });

  it('the picture is XML, and its text stays inside its boxes', async () => {
    for (const make of [undoneUpgrade, resumedUpgrade]) {
      const { chart, path: taken } = inspected(await make());
      const file = path.join(folder, 'chart.svg');
      await writeFile(file, chartSvg(chart, taken));
      const { page, complaints } = await blank({ offline: true });
      await page.goto(pathToFileURL(file).href);
      const outside = await page.evaluate(`
        [...document.querySelectorAll('.state')].flatMap((state) => {
          const box = state.querySelector('.box').getBBox();
          return [...state.querySelectorAll('text')].filter((text) => {
            const { x, y, width, height } = text.getBBox();
            return x < 0 || y < 0 || x + width > box.width || y + height > box.height + 1;
          }).map((text) => text.textContent);
        })`);
      expect(outside).toEqual([]);
      expect(await page.locator('parsererror').count()).toBe(0);
      expect(complaints).toEqual([]);
    }
  });

  it('a served page follows the log, and leaves alone where its reader is', async () => {
    const [whole] = await resumedUpgrade();
    if (whole === undefined) throw new Error('no segment');
    let known = 20;
    const now = (): ReadSegment => {
      const records = whole.records.slice(0, known);
      return { ...whole, records, state: foldOperation(records) };
    };
    const stop = new AbortController();
    const { page, complaints } = await blank();
    let ended = Promise.resolve();
    const url = await new Promise<string>((listening) => {
      ended = servePages(
        {
          answer: async (place, base) => {
            if (place === 'version') {
              const version = now().records.at(-1)?.seq;
              return { type: 'application/json', text: JSON.stringify({ version }) };
            }
            const inspection = inspectionOf([now()], now());
            if (inspection === undefined || place !== '') return undefined;
            return {
              type: 'text/html',
              text: operationPage(inspection, { ...PROGRAM, live: base }),
            };
          },
        },
        { signal: stop.signal, listening },
      );
    });
    await page.goto(url);
    await page.locator('.records .seq').nth(19).waitFor();
    known = 40;
    await page.locator('#r40').waitFor({ state: 'attached' });
    expect(await textOf(page, '#moment-place')).toBe('record 40, 40 of 40');
    await page.keyboard.press('Home');
    known = whole.records.length;
    await page.getByText('The operation is closed.').waitFor();
    expect(await textOf(page, '#moment-place')).toBe(`record 1, 1 of ${known}`);
    expect(await textOf(page, 'h1')).toContain('completed');
    expect(await page.locator('.records .seq').count()).toBe(known);
    stop.abort();
    await ended;
    expect(complaints).toEqual([]);
  });
});
