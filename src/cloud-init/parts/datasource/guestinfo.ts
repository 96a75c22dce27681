import { decodeContent } from '../encoding.ts';
import { EntryError } from '../entry-error.ts';
import type { PartContext } from '../part.ts';
import { readProgram } from '../read-program.ts';
import { isSuccess } from '../run-program.ts';
import type { Findings, Search } from './findings.ts';
import { withinLimit } from './program.ts';

/** VMware hands values to a guest under names, by its own tools. */
export async function vmware(search: Search): Promise<Findings> {
  return withinLimit(search, async (context) => {
    const userData = await valueOf('guestinfo.userdata', context);
    const metadata = await valueOf('guestinfo.metadata', context);
    if (!hasContent(userData) && !hasContent(metadata)) {
      throw new EntryError('the host gives this machine no guestinfo');
    }
    const vendordata = await valueOf('guestinfo.vendordata', context);
    return {
      label: 'VMWARE',
      mode: 0o600,
      factsMode: 0o600,
      facts: {
        ...(metadata === undefined ? {} : { metadata }),
        ...(vendordata === undefined ? {} : { vendordata }),
      },
      ...(userData !== undefined && hasContent(userData) ? { userData } : {}),
    };
  });
}

/** `---` is how one clears a value that cannot be removed. */
function hasContent(value: Uint8Array | undefined): boolean {
  return value !== undefined && value.byteLength > 1 && Buffer.from(value).toString() !== '---';
}

async function valueOf(name: string, context: PartContext): Promise<Uint8Array | undefined> {
  const value = await told(name, context);
  if (value === undefined) {
    return undefined;
  }
  const encoding = (await told(`${name}.encoding`, context))?.trim();
  return encoding ? decodeContent(value.trim(), encoding) : Buffer.from(value);
}

/** What the host says; absent when it says nothing, or when there is no tool to ask it. */
async function told(name: string, context: PartContext): Promise<string | undefined> {
  for (const tool of [['vmware-rpctool'], ['vmtoolsd', '--cmd']] as const) {
    const found = await context.target.exec({
      argv: [...tool, '--version'],
      signal: context.signal,
      output: () => undefined,
    });
    if (found.ended !== 'missing') {
      const { result, text } = await readProgram(context, [...tool, `info-get ${name}`]);
      if (isSuccess(result)) {
        return text.replace(/\n$/, '');
      }
    }
  }
  return undefined;
}
