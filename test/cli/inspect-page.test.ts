/** Pages and pictures of operations, as text. What a browser makes of them: `test/browser`. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chartSvg } from '../../src/cli/render/chart/drawing.ts';
import { chartLayout, fitting, NAME_ADVANCE } from '../../src/cli/render/chart/layout.ts';
import { historyPage } from '../../src/cli/render/page/history-page.ts';
import { escaped } from '../../src/cli/render/page/html.ts';
import { operationPage } from '../../src/cli/render/page/operation-page.ts';
import type { HistoryRow } from '../../src/inspect/history-row.ts';
import { inspectionOf } from '../../src/inspect/inspection.ts';
import type { MachineChart } from '../../src/inspect/machine-chart.ts';
import { machineDiagram } from '../../src/inspect/machine-diagram.ts';
import {
  completedUpgrade,
  inspected,
  resumedUpgrade,
  talkative,
  undoneUpgrade,
  unfinishedUpgrade,
} from '../support/simulated/inspected.ts';

const OPTIONS = { program: 'slotwright' };
const MEGABYTE = 1_000_000;
const HOSTILE =
  '</script></pre><img src=x onerror="alert(1)">\u202Egnp.exe\u2066 \u0007\u009B \uD800 grüße 日本 ]]>';

/** Names of elements that are open at the end, or the first that was closed wrongly; nothing in well-formed XML. */
function fault(xml: string): string | undefined {
  const open: string[] = [];
  const text = xml.replace(/^<\?xml[^>]*\?>\n/, '');
  const tag =
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot|#39);[^"<&]*)*")*)\s*(\/?)>/g;
  const rest = text.replace(tag, (_, closing: string, name: string, __: string, empty: string) => {
    if (closing === '/' && open.pop() !== name) open.push(`closed wrongly: ${name}`);
    if (closing === '' && empty === '') open.push(name);
    return '';
  });
  if (/[<]|&(?!(?:amp|lt|gt|quot|#39);)/.test(rest)) return 'markup in text';
  return open[0];
}

describe('a page of an operation', () => {
  it('loads nothing, and allows no script or style but its own', async () => {
    const page = operationPage(inspected(await completedUpgrade()), OPTIONS);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(
      /unsafe-|connect-src|\b(?:src|srcset|action)=|<link|@import|url\((?!#)/,
    );
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
    for (const name of ['style', 'script'] as const) {
      const [, text = ''] = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(page) ?? [];
      const hash = createHash('sha256').update(text).digest('base64');
      expect(page).toContain(`${name}-src 'sha256-${hash}'`);
    }
    expect(page).not.toMatch(/\sstyle="|\son\w+="/);
  });

  it('shows what a hook printed as text, whatever it printed', async () => {
    const segments = await completedUpgrade({ outputs: [HOSTILE], step: `<b>${HOSTILE}` });
    const page = operationPage(inspected(segments), OPTIONS);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<b>');
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(page).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/);
    expect(page).toContain('[U+202E]gnp.exe[U+2066]');
    expect(page).toContain('grüße 日本');
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
  });

  it('keeps what the script reads as data, also where a step has the name of markup', async () => {
    const segments = await completedUpgrade({ step: '</script><script>alert(1)//' });
    const page = operationPage(inspected(segments), OPTIONS);
    const [, data = ''] = /id="data">(.*?)<\/script>/s.exec(page) ?? [];
    const read = JSON.parse(data) as { readonly moments: readonly { readonly what: string }[] };
    expect(read.moments.some(({ what }) => what.includes('</script><script>'))).toBe(true);
  });

  it('is the same for the same log', async () => {
    const [one, other] = [await resumedUpgrade(), await resumedUpgrade()];
    expect(operationPage(inspected(one), OPTIONS)).toBe(operationPage(inspected(other), OPTIONS));
  });

  it('can be read without the script: state, slots, every record', async () => {
    const inspection = inspected(await completedUpgrade());
    const page = operationPage(inspection, OPTIONS).replace(/<script.*?<\/script>/gs, '');
    for (const { seq } of inspection.timeline.entries) expect(page).toContain(`id="r${seq}"`);
    expect(page).toMatch(/id="moment-state">completed</);
    expect(page).toContain('Setting up vim');
    expect(page).toContain('id="bar" hidden');
  });

  it('says why it was undone, and what to do next', async () => {
    const page = operationPage(inspected(await undoneUpgrade()), OPTIONS);
    expect(page).toMatch(/<title>upgrade sim\d+: undone<\/title>/);
    expect(page).toContain('exit code 100');
    expect(page).toContain('correct the file and run the command again');
  });

  it('says that hooks failed where that stopped nothing, and leads to the first', async () => {
    const segments = await completedUpgrade({ fails: 'exit code 100' });
    const page = operationPage(inspected(segments), OPTIONS);
    expect(page).toMatch(/: completed<\/title>/);
    expect(page).toContain('Failures of hooks');
    const [, seq = ''] = /<a href="#r(\d+)">first in record/.exec(page) ?? [];
    expect(page).toMatch(new RegExp(`id="r${seq}" class="error"`));
  });

  it('says what an unfinished one owes', async () => {
    const page = operationPage(inspected(await unfinishedUpgrade()), OPTIONS);
    expect(page).toContain('unfinished at set-passive');
    expect(page).toContain('to do: Make the fallback system passive');
  });

  it('has names for all controls, headings in order, and one main part', async () => {
    const page = operationPage(inspected(await resumedUpgrade()), OPTIONS);
    for (const [, attributes = '', content = ''] of page.matchAll(
      /<(?:button|input)([^>]*)>(?:(.*?)<\/button>)?/gs,
    )) {
      expect(attributes + content).toMatch(/aria-label="[^"]+"/);
    }
    expect(page.match(/<main>/g)).toHaveLength(1);
    expect(page.match(/<h1>/g)).toHaveLength(1);
    expect(page).toMatch(/<html lang="en">/);
  });

  it.each([
    ['short lines', 'one line\n'],
    ['long lines of markup', '<&"\'>\u202E'.repeat(3000)],
  ])('of 5,000 records stays below 2 MB, with %s', async (_, text) => {
    const [segment] = await completedUpgrade();
    if (segment === undefined) throw new Error('no segment');
    const many = talkative(segment, 5000, text);
    const inspection = inspectionOf([many], many);
    if (inspection === undefined) throw new Error('never began');
    const page = operationPage(inspection, OPTIONS);
    expect(Buffer.byteLength(page)).toBeLessThan(2 * MEGABYTE);
    expect(page).toMatch(/\d+ records are left out here: <code>slotwright history sim\d+ --debug/);
    expect(page).toContain('id="r2"');
    expect(page).toContain(`id="r${many.records.length}"`);
  });

  it('shortens long output, keeps its end, and says how to see all', async () => {
    const outputs = [`begin ${'x'.repeat(200_000)} the end`];
    const page = operationPage(inspected(await completedUpgrade({ outputs })), OPTIONS);
    expect(page.length).toBeLessThan(200_000);
    expect(page).toContain('begin xxx');
    expect(page).toContain('xxx the end');
    expect(page).toMatch(/… \d+ KiB are left out here: slotwright history sim\d+ --debug/);
  });

  it('may ask its own server for news where it is served, and nobody else', async () => {
    const live = { ...OPTIONS, live: '/token' };
    const page = operationPage(inspected(await unfinishedUpgrade()), live);
    expect(page).toContain("connect-src 'self'");
    expect(page).toContain('data-live="/token"');
  });
});

describe('a page of the history', () => {
  const row = (number: number): HistoryRow => ({
    number,
    id: `id${number}`,
    operation: 'upgrade',
    outcome: number % 2 === 0 ? 'completed' : 'rolled-back',
    activeMs: 1000,
    processes: 1,
    reported: 0,
    failedHooks: 0,
    source: HOSTILE.repeat(20),
  });

  it('lists the newest first, with outcomes in words', () => {
    const page = historyPage([row(1), row(2)], OPTIONS);
    expect(page.indexOf('id2')).toBeLessThan(page.indexOf('id1'));
    expect(page).toContain('2 operations: 1 completed, 1 undone, 0 unfinished');
    expect(page).not.toContain('<img');
  });

  it('of 20,000 operations stays below 2 MB and says what it leaves out', () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => row(index + 1));
    const page = historyPage(rows, OPTIONS);
    expect(Buffer.byteLength(page)).toBeLessThan(2 * MEGABYTE);
    expect(page).toContain('<code>slotwright history</code> shows all');
  });

  it('says that nothing was done yet', () => {
    expect(historyPage([], OPTIONS)).toContain('Nothing was done to this machine yet.');
  });
});

describe('a chart as SVG', () => {
  it.each([
    ['completed', completedUpgrade],
    ['undone', undoneUpgrade],
    ['resumed', resumedUpgrade],
    ['unfinished', unfinishedUpgrade],
  ])('of an upgrade that is %s is well-formed, and tells the path in words', async (_, make) => {
    const { chart, path } = inspected(await make());
    const svg = chartSvg(chart, path);
    expect(fault(svg)).toBeUndefined();
    for (const { name } of path.states) expect(svg).toContain(`data-state="${name}"`);
    expect(svg).toContain(`It stands in ${path.now}.`);
    expect(svg.match(/ here"/g)).toHaveLength(1);
  });

  const hostileChart: MachineChart = {
    name: HOSTILE,
    title: HOSTILE,
    initial: 'a'.repeat(300),
    states: [
      { name: 'a'.repeat(300), title: '日'.repeat(300), kind: 'step' },
      { name: HOSTILE, title: HOSTILE, kind: 'pivot' },
      { name: 'completed', title: 'completed', kind: 'final' },
    ],
    edges: [{ from: 'a'.repeat(300), to: HOSTILE, event: 'step.completed' }],
    config: {},
  };

  it('stays well-formed with names that were made to break it', () => {
    expect(fault(chartSvg(hostileChart))).toBeUndefined();
    expect(fault('<svg><a></svg>')).toBeDefined();
  });

  it('cuts text to its box', () => {
    for (const { name, width } of chartLayout(hostileChart).boxes) {
      expect(fitting(name, width, NAME_ADVANCE).length * NAME_ADVANCE).toBeLessThan(width);
    }
  });

  it('has no boxes one over the other', async () => {
    const { boxes } = chartLayout(inspected(await completedUpgrade()).chart);
    const places = boxes.map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(places.length);
  });
});

describe('a chart in other notations', () => {
  it('says in Mermaid what came of each state', async () => {
    const { chart, path } = inspected(await undoneUpgrade());
    const text = machineDiagram(chart, 'mermaid', path);
    expect(text).toContain('state "run-chroot-stage (failed)" as run_chroot_stage');
    expect(text).toContain('class run_chroot_stage failed');
    expect(text).toContain('class rolled_back now');
    expect(text).toContain('state "set-active" as set_active');
  });

  it('draws in Graphviz the edges that were taken heavier than the others', async () => {
    const { chart, path } = inspected(await undoneUpgrade());
    const text = machineDiagram(chart, 'dot', path);
    expect(text).toMatch(/"run-chroot-stage" -> "undo:mount-target" \[label=".*", penwidth=2.5\]/);
    expect(text).toMatch(/"set-active" -> "set-passive" \[label=".*", style=dotted/);
  });

  it('without a path is as it was', async () => {
    const { chart } = inspected(await undoneUpgrade());
    expect(machineDiagram(chart, 'mermaid')).not.toContain('(failed)');
    expect(machineDiagram(chart, 'dot')).not.toContain('penwidth=2.5');
  });
});

describe('text on its way into markup', () => {
  it('loses what moves cursors, and shows what turns directions', () => {
    expect(escaped('\u001B[31mred\u001B[0m <a href="x">\u200F')).toBe(
      'red &lt;a href=&quot;x&quot;&gt;[U+200F]',
    );
  });
});
