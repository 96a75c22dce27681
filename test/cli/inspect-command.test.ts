import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/cli/commands/inspect.ts';
import type { PageServices } from '../../src/cli/services.ts';
import { upgrade, wishFor } from '../support/simulated/commands.ts';
import { machineWith } from '../support/simulated/inspected.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { runCli, type Running } from './run-cli.ts';
import { simulatedServices } from './simulated-services.ts';

async function upgraded(): Promise<SimulatedMachine> {
  const machine = machineWith();
  await upgrade(machine, wishFor('/new'));
  return machine;
}

/** Pages that are kept instead of written or served. */
function keeping() {
  const written = new Map<string, string>();
  const served: Parameters<PageServices['serve']>[0][] = [];
  const pages: PageServices = {
    write: async (path, text) => void written.set(path, text),
    serve: async (server, { signal, listening }) => {
      served.push(server);
      const stopped = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      listening('http://127.0.0.1:1/token/');
      await stopped;
    },
  };
  return { written, served, pages };
}

describe('inspect --html', () => {
  it('writes the page of an operation to a file, found from the working directory', async () => {
    const { written, pages } = keeping();
    const services = { ...simulatedServices(await upgraded()), pages };
    const { exit, stdout } = await runCli('inspect last --html last.html', { services });
    expect(exit).toBe(0);
    expect([...written.keys()]).toEqual(['/work/last.html']);
    expect(written.get('/work/last.html')).toMatch(/^<!doctype html>[\s\S]*<h1>upgrade/);
    expect(stdout).toMatch(/^wrote \/work\/last.html: [\d.]+ KiB\n$/);
  });

  it('without an id writes a page of the whole history', async () => {
    const { written, pages } = keeping();
    const services = { ...simulatedServices(await upgraded()), pages };
    const { stdout } = await runCli('inspect --html all.html --json', { services });
    expect(written.get('/work/all.html')).toContain('History of this machine');
    expect(inspect.output.safeParse(JSON.parse(stdout)).error).toBeUndefined();
  });

  it('writes nothing when no operation has that name', async () => {
    const { written, pages } = keeping();
    const services = { ...simulatedServices(await upgraded()), pages };
    const { exit, stderr } = await runCli('inspect nothing --html x.html', { services });
    expect(exit).toBe(1);
    expect(stderr).toContain('no operation of this device is named "nothing"');
    expect(written.size).toBe(0);
  });
});

describe('inspect --format', () => {
  it.each([
    ['mermaid', /^stateDiagram-v2\n/],
    ['dot', /^digraph "upgrade" \{\n/],
    ['svg', /^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg /],
  ])('prints the chart with the path taken as %s', async (format, begins) => {
    const services = simulatedServices(await upgraded());
    const { stdout } = await runCli(`inspect last --format ${format}`, { services });
    expect(stdout).toMatch(begins);
    expect(stdout).toContain('done');
  });

  it('is mermaid of the last operation when nothing is said', async () => {
    const services = simulatedServices(await upgraded());
    const { stdout } = await runCli('inspect', { services });
    expect(stdout).toContain('class completed now');
  });

  it('gives chart and path as data, as its schema says', async () => {
    const services = simulatedServices(await upgraded());
    const { stdout } = await runCli('inspect last --json', { services });
    const document: unknown = JSON.parse(stdout);
    expect(inspect.output.safeParse(document).error).toBeUndefined();
    expect(document).toMatchObject({ ok: true, path: { now: 'completed' } });
  });

  it('draws operations that nobody has carried out, by "machines"', async () => {
    const services = simulatedServices(machineWith());
    const { stdout } = await runCli('machines upgrade --format svg', { services });
    expect(stdout).toContain('<svg ');
    expect(stdout).toContain('point of no return');
  });
});

describe('inspect --serve', () => {
  /** Until it listens; then what it answers, and its end by Ctrl-C. */
  async function serving(line: string, machine: SimulatedMachine) {
    const { served, pages } = keeping();
    let heard = (): void => undefined;
    const listening = new Promise<void>((resolve) => (heard = resolve));
    const running: Running = runCli(line, {
      services: {
        ...simulatedServices(machine),
        pages: {
          ...pages,
          serve: (server, hooks) =>
            pages.serve(server, {
              ...hooks,
              listening: (url) => {
                hooks.listening(url);
                heard();
              },
            }),
        },
      },
    });
    await listening;
    const ask = async (place: string) => served[0]?.answer(place, '/token');
    return { running, ask, server: served[0] };
  }

  it('tells its address, answers with the page and its version, and ends by Ctrl-C', async () => {
    const { running, ask, server } = await serving(
      'inspect last --serve --port 8080',
      await upgraded(),
    );
    expect(server?.port).toBe(8080);
    const page = (await ask(''))?.text ?? '';
    expect(page).toContain('data-live="/token"');
    const [, seq] = /"version":(\d+)/.exec(page) ?? [];
    const version = await ask('version');
    expect(version?.type).toBe('application/json');
    expect(JSON.parse(version?.text ?? '')).toEqual({ version: Number(seq) });
    expect(await ask('other')).toBeUndefined();
    running.stop('SIGINT');
    const { exit, stdout } = await running;
    expect(exit).toBe(0);
    expect(stdout).toContain('http://127.0.0.1:1/token/');
  });

  it('without an id leads from the history to the page of each operation', async () => {
    const { running, ask } = await serving('inspect --serve', await upgraded());
    const list = (await ask(''))?.text ?? '';
    const [, id = ''] = /href="\/token\/([^/"]+)\/"/.exec(list) ?? [];
    expect((await ask(`${id}/`))?.text).toContain(`data-live="/token/${id}"`);
    expect(await ask('nobody/')).toBeUndefined();
    expect(await ask('../')).toBeUndefined();
    running.stop('SIGTERM');
    await running;
  });
});

describe('inspect refuses', () => {
  it.each([
    ['inspect last --html x.html --serve', '--html and --serve cannot be given together'],
    ['inspect last --port 80', '--port needs --serve'],
    ['inspect last --serve --port 0', '--port cannot be "0"'],
    ['inspect last --serve --port 70000', '--port cannot be "70000"'],
  ])('%s', async (line, complaint) => {
    const { exit, stderr } = await runCli(line);
    expect(exit).toBe(1);
    expect(stderr).toContain(complaint);
  });
});
