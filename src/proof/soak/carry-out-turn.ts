/** One turn of a soak: what is asked for, the cuts, what carries on, and what is wrong at its end. */
import type { Booted } from '../../sandbox/boot.ts';
import { cutPower } from '../../sandbox/power.ts';
import type { Slot } from '../../system/port.ts';
import { slotThatBoots } from '../cuts/cut.ts';
import { heldBeyond, heldBy, WRITABLE } from '../cuts/live-machine.ts';
import { NEXT, RESUME } from '../cuts/rig.ts';
import { kill, runUntilRecord, type Stopped } from '../cuts/stop.ts';
import { judgeCut, judgeEnd, type Before, type DiskFacts, type Violation } from '../laws.ts';
import type { Soaked } from './soak.ts';
import type { Sending, Turn } from './turns.ts';

export interface Done {
  readonly facts: DiskFacts;
  readonly kills: number;
  readonly powerCuts: number;
  readonly wrong: readonly string[];
  /** What was sent and how it ended, for people. */
  readonly story: readonly string[];
}

export async function carryOutTurn(soaked: Soaked, turn: Turn, start: DiskFacts): Promise<Done> {
  const player = new Player(soaked, turn, start);
  try {
    await player.boot(turn.slot);
    for (const sending of turn.sendings) await player.send(sending);
    await player.finish();
    return await player.judged();
  } finally {
    await player.machine?.shutdown();
  }
}

class Player {
  machine: Booted | undefined;
  private readonly soaked: Soaked;
  private readonly turn: Turn;
  private before: Before;
  private quiet: readonly string[] = [];
  private readonly cuts = { kills: 0, powerCuts: 0 };
  private readonly wrong: string[] = [];
  private readonly story: string[] = [];

  constructor(soaked: Soaked, turn: Turn, facts: DiskFacts) {
    this.soaked = soaked;
    this.turn = turn;
    this.before = { facts, hookFiles: [] };
  }

  /** What runs is the last good image from now on (law 2), unless it is the recovery, which is beside the question. */
  async boot(slot: Slot): Promise<void> {
    const { rig, disk, offers, failing } = this.soaked;
    const tree = offers[this.turn.offer]?.tree ?? '';
    const lend = { [NEXT]: tree, ...(this.turn.wish.hook === 'fails' ? failing : {}) };
    const { facts } = this.before;
    const running = slot === 'recovery' ? undefined : this.contentOf(facts, slot);
    this.before = {
      facts,
      hookFiles: [],
      ...(running === undefined ? {} : { lastGood: running }),
    };
    this.machine = await rig.boot(disk, slot, lend);
    this.quiet = await heldBy(this.machine);
  }

  async send({ command, cut }: Sending): Promise<void> {
    const booted = this.running();
    const line = command.slice(1, 2).join(' ');
    if (cut === undefined) {
      const { code, stderr } = await booted.run(command);
      this.story.push(`${line} ended with ${String(code)}`);
      if (code !== 0) this.explained(line, stderr);
      return;
    }
    const stopped = await runUntilRecord(booted, command, cut.record);
    if (!('tool' in stopped)) {
      this.story.push(`${line} ended with ${String(stopped.code)} before its cut`);
      if (stopped.code !== 0) this.explained(line, stopped.stderr);
      return;
    }
    this.story.push(`${line} cut (${cut.level}) after record ${String(cut.record)}`);
    await (cut.level === 'process' ? this.killed(stopped) : this.powerless(stopped));
  }

  /** A boot unit, again and again: in the end nothing may be owed. */
  async finish(): Promise<void> {
    for (let tries = 0; tries < 3; tries += 1) {
      const { code, stdout, stderr } = await this.running().run([...RESUME, '--json']);
      const outcome = /"outcome": *"([a-z-]+)"/.exec(stdout)?.[1] ?? '';
      this.story.push(`resume: ${outcome}`);
      if (outcome === 'nothing-to-do') return;
      if (code !== 0 && !this.turn.wish.exits.includes(code)) {
        this.wrong.push(`resume ended with ${String(code)}: ${stderr.trim()}`);
        return;
      }
    }
    this.wrong.push('something is still owed after three times resume');
  }

  async judged(): Promise<Done> {
    const booted = this.running();
    const held = await heldBeyond(this.quiet, booted);
    await booted.shutdown();
    const facts = { ...(await this.soaked.facts()), held };
    this.wrong.push(...sentences(judgeEnd(facts, this.before)), ...this.strange(facts));
    return { facts: { ...facts, held: [] }, ...this.cuts, wrong: this.wrong, story: this.story };
  }

  private async killed(stopped: Stopped): Promise<void> {
    this.cuts.kills += 1;
    await kill(stopped, this.turn.number % 2 === 0 ? stopped.tool.pid : stopped.wrapper);
    const held = await heldBeyond(this.quiet, this.running(), [WRITABLE]);
    this.wrong.push(...held.map((one) => `law 5: ${one}`));
  }

  private async powerless(stopped: Stopped): Promise<void> {
    this.cuts.powerCuts += 1;
    await cutPower(this.running());
    await stopped.outcome;
    const facts = await this.soaked.facts();
    this.wrong.push(...sentences(judgeCut(facts, this.before)));
    const menu = slotThatBoots(facts);
    const slot = this.turn.comesUp === 'as before' ? this.turn.slot : menu;
    if (slot === undefined) throw new Error('nothing boots');
    await this.boot(slot);
    const running = slot === 'recovery' ? undefined : this.contentOf(facts, slot);
    if (running !== undefined) this.before = { ...this.before, lastGood: running };
  }

  /** Each slot holds what it held, or what the operation makes of it. */
  private strange(facts: DiskFacts): readonly string[] {
    const { mayBecome } = this.turn.wish;
    const target = this.soaked.offers[this.turn.offer]?.content;
    const was = this.before.facts;
    return (['active', 'passive', 'recovery'] as const).flatMap((slot) => {
      const allowed = [
        this.contentOf(was, slot),
        ...(mayBecome[slot] ?? []).map((from) =>
          from === 'target' ? target : this.contentOf(was, from),
        ),
      ];
      return allowed.includes(this.contentOf(facts, slot)) ? [] : [`${slot} holds something else`];
    });
  }

  private explained(line: string, stderr: string): void {
    if (stderr.includes('next:')) return;
    this.wrong.push(`${line} failed without saying what to do next: ${stderr.trim()}`);
  }

  private contentOf({ images }: DiskFacts, slot: Slot): string | undefined {
    return images[`${slot}.img`]?.content;
  }

  private running(): Booted {
    if (this.machine === undefined) throw new Error('nothing runs');
    return this.machine;
  }
}

function sentences(violations: readonly Violation[]): string[] {
  return violations.map(({ law, sentence }) => `law ${String(law)}: ${sentence}`);
}
