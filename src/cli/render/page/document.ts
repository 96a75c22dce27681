/** The frame of a page: one file that loads nothing and runs only the script that was put in here. */
import { createHash } from 'node:crypto';
import { html, NOTHING, type Html } from './html.ts';

export interface PageParts {
  readonly title: string;
  readonly style: string;
  readonly body: Html;
  readonly script?: string;
  /** Served pages ask for news at their own address; a page in a file asks nobody. */
  readonly asks: 'nobody' | 'its server';
}

export function pageDocument({ title, style, body, script, asks }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    script === undefined ? "script-src 'none'" : `script-src '${hashOf(script)}'`,
    ...(asks === 'nobody' ? [] : ["connect-src 'self'"]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${raw(policy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${element('style', style)}
      </head>
      <body>
        ${body} ${script === undefined ? NOTHING : element('script', script)}
      </body>
    </html> `;
  return page.html;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The policy names the hash of its text: not a blank may come in between. */
function element(name: 'style' | 'script', text: string): Html {
  return raw(`<${name}>${text}</${name}>`);
}

/** Text of this program. */
function raw(text: string): Html {
  return { html: text };
}
