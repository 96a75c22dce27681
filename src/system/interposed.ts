/** Any system, with somebody who looks at every call before it is made, and may throw instead. */
import type { System } from './port.ts';

export function interposed(inner: System, before: (call: string) => void): System {
  const port = <P extends keyof System>(name: P): System[P] =>
    new Proxy(inner[name], {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]): Promise<unknown> => {
          before(`${name}.${String(key)}`);
          return Reflect.apply(member, target, parameters) as unknown;
        };
      },
    });
  return {
    host: port('host'),
    disks: port('disks'),
    mounts: port('mounts'),
    files: port('files'),
    images: port('images'),
    boot: port('boot'),
    settle: port('settle'),
    stages: port('stages'),
    health: port('health'),
    power: port('power'),
  };
}
