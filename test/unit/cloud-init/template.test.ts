import { describe, expect, it } from 'vitest';
import { renderTemplate } from '../../../src/cloud-init/template/render.ts';

const data = {
  Values: {
    node: { hostname: 'box' },
    os: { name: 'Test OS', version: '15.4' },
    memory: { size: 16384 },
    list: ['a', 'b'],
    empty: {},
  },
};
const fill = (text: string): string =>
  renderTemplate(text, data, {
    random: (bytes) => new Uint8Array(bytes).fill(7),
    now: () => 0,
  });

describe('templates', () => {
  it.each([
    ['plain text', 'plain text'],
    ['{{ .Values.node.hostname }}-{{.Values.memory.size}}', 'box-16384'],
    ['{{ .Values.nothing }} {{ .Values.nothing.deeper }}', '<no value> <no value>'],
    ['{{ .Values.os }}', 'map[name:Test OS version:15.4]'],
    ['{{ .Values.list }}', '[a b]'],
    ['a {{- 1 -}} b', 'a1b'],
    ['a{{/* remark */}}b{{- /* trimmed */ -}} c', 'abc'],
    ['{{ "{{" }} {{`{{ raw }}`}}', '{{ {{ raw }}'],
    ['{{ if .Values.empty }}yes{{ else if eq 1 2 }}two{{ else }}no{{ end }}', 'no'],
    ['{{ range $i, $v := .Values.list }}{{ $i }}={{ $v }};{{ end }}', '0=a;1=b;'],
    ['{{ range .Values.list }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', 'a'],
    ['{{ range .Values.none }}x{{ else }}none{{ end }}', 'none'],
    ['{{ with $x := "v" }}{{ $x }}{{ . }}{{ end }}', 'vv'],
    ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
    [
      '{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" "q" }}{{ block "u" 1 }}b{{ . }}{{ end }}',
      '<q>b1',
    ],
    ['{{ .Values.node.hostname | upper | quote }}', '"BOX"'],
    ['{{ (index .Values "node").hostname | trunc 2 }}', 'bo'],
    ['{{ default "d" .none }} {{ ternary "y" "n" (gt 2 1) }}', 'd y'],
    ['{{ printf "%03d %s %q %v %x" 7 "s" "q" true "ab" }}', '007 s "q" true 6162'],
    ['{{ and 1 0 }} {{ or "" "x" }} {{ not true }} {{ len .Values.list }}', '0 x false 2'],
    ['{{ add 1 2 }} {{ div 7 2 }} {{ mod 7 2 }} {{ 1.5 }} {{ 0x10 }}', '3 3 1 1.5 16'],
    ['{{ splitList "." .Values.os.version | first }}', '15'],
    ['{{ list 1 2 | join "," }} {{ dict "a" 1 | toJson }}', '1,2 {"a":1}'],
    ['{{ "a\\tb\\u00e9\\x41" }}', 'a\tbéA'],
    ['{{ regexReplaceAll "[aeiou]" "banana" "_" }}', 'b_n_n_'],
    ['{{ "x" | b64enc | b64dec }} {{ sha256sum "" | trunc 8 }}', 'x e3b0c442'],
    ['{{- range $k, $v := .Values.os }}{{ $k }} {{ end -}}', 'name version '],
    ['{{ randAlphaNum 4 }}', 'hhhh'],
    ['}} stays', '}} stays'],
  ])('fills in %j', (text, filled) => {
    expect(fill(text)).toBe(filled);
  });

  it.each([
    ['an open action', '{{ .Values'],
    ['a missing end', '{{ if true }}x'],
    ['an end too many', 'x{{ end }}'],
    ['an unknown function', '{{ env "SECRET" }}'],
    ['an unknown variable', '{{ $x }}'],
    ['a variable out of its scope', '{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}'],
    ['a field of a text', '{{ .Values.node.hostname.first }}'],
    ['fail', 'a {{ fail "no" }}'],
    [
      'a template that calls itself',
      '{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
    ],
    ['an unknown template', '{{ template "t" }}'],
    ['an index out of range', '{{ index .Values.list 9 }}'],
    ['division by zero', '{{ div 1 0 }}'],
    ['a bad expression', '{{ regexFind "[" "x" }}'],
    ['a word that is no function', '{{ foo }}'],
    ['an empty action', '{{ }}'],
    ['a giant', '{{ repeat 100000000 "x" }}'],
  ])('is an error, never half a text: %s', (_name, text) => {
    expect(() => fill(text)).toThrow(/^template: /);
  });
});
