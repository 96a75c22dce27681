import fc from 'fast-check';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { agentEar, request } from '../../vm/agent-line.ts';
import { AGENT } from '../../vm/trees/agent.ts';

describe('the line between the driver and the agent', () => {
  it('is understood in pieces of any size', () => {
    const said =
      'noise\r\nAGENT-READY active 1.0 boot-1\r\nBEGIN 7\naGVsbG8g\nd29ybGQ=\nEND 7 3\nINITRAMFS-FAILED no root\n';
    const wanted = [
      { type: 'greeting', greeting: { mode: 'active', version: '1.0', bootId: 'boot-1' } },
      { type: 'outcome', id: 7, outcome: { code: 3, output: 'hello world' } },
      { type: 'lost', reason: 'no root' },
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sizes) => {
        const ear = agentEar();
        const heard = [];
        for (let at = 0, turn = 0; at < said.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          heard.push(...ear(said.slice(at, at + size)));
          at += size;
        }
        expect(heard).toEqual(wanted);
      }),
    );
  });

  it('carries the words of a command as they are, to the agent that images get', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slotwright-agent-'));
    try {
      // A pipe stands for the serial line, and the words that only a booted image has are replaced.
      const script = AGENT.replace(/^stty.*$/m, '')
        .replace('. /etc/os-release && echo "$VERSION_ID"', 'echo 1')
        .replaceAll('/run/vm-agent.out', join(folder, 'out'));
      const path = join(folder, 'agent');
      await writeFile(path, script);
      await promisify(execFile)('sh', ['-n', path]);
      const agent = spawn('sh', [path], { stdio: ['pipe', 'pipe', 'inherit'] });
      const words = ['a b', '', "it's", '$HOME', 'one\ntwo', '*', '-', 'grüße'];
      agent.stdin.end(request(1, ['printf', '<%s>', ...words]) + request(2, ['false']));
      let said = '';
      agent.stdout.setEncoding('utf8');
      agent.stdout.on('data', (text: string) => (said += text));
      await new Promise((resolve) => agent.once('close', resolve));
      const heard = agentEar()(said).filter(({ type }) => type === 'outcome');
      expect(heard).toEqual([
        {
          type: 'outcome',
          id: 1,
          outcome: { code: 0, output: words.map((word) => `<${word}>`).join('') },
        },
        { type: 'outcome', id: 2, outcome: { code: 1, output: '' } },
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
