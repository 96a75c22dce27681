/** How a chart looks, on light and dark grounds and in print. Colours only repeat what lines, signs and words say. */
export const CHART_STYLE = `
.chart{--ink:#16202b;--soft:#5b6875;--line:#b4bec8;--ground:#fff;--box:#f6f8fa;--good:#12703a;--bad:#b3261e;--odd:#8a5a00;--here:#0b5cad;--here-ground:#e3effb;
font-family:ui-monospace,"DejaVu Sans Mono","Liberation Mono",Menlo,Consolas,monospace;color:var(--ink)}
@media (prefers-color-scheme:dark){.chart{--ink:#e8edf2;--soft:#9aa8b5;--line:#4a5763;--ground:#12181f;--box:#1b232c;--good:#6fd195;--bad:#ff9d94;--odd:#f0c060;--here:#7db8f5;--here-ground:#16324f}}
@media print{.chart{--ink:#000;--soft:#333;--line:#999;--ground:#fff;--box:#fff;--good:#000;--bad:#000;--odd:#000;--here:#000;--here-ground:#fff}}
.chart text{fill:var(--ink)}
.chart .name{font-size:13px;font-weight:600}
.chart .note{font-size:10.5px;fill:var(--soft)}
.chart .box{fill:var(--box);stroke:var(--ink);stroke-width:1.25}
.chart .inner{fill:none;stroke:var(--ink);stroke-width:1.25}
.chart .sign{fill:none;stroke:var(--ink);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.chart .start{fill:var(--ink)}
.chart .edge{fill:none;stroke:var(--line);stroke-width:1.25;stroke-dasharray:2 4}
.chart:not(.followed) .edge{stroke:var(--soft);stroke-dasharray:none}
.chart .edge.taken{stroke:var(--ink);stroke-width:2.25;stroke-dasharray:none}
.chart .head{fill:var(--line)}
.chart:not(.followed) .head{fill:var(--soft)}
.chart .head.taken{fill:var(--ink)}
.chart .undo .box{stroke-dasharray:7 3}
.chart .not-reached .box,.chart .not-reached .inner{stroke:var(--line);stroke-dasharray:2 4}
.chart .not-reached .name{fill:var(--soft);font-weight:400}
.chart .not-reached .sign,.chart .planned .sign{stroke:var(--line);stroke-width:1.5}
.chart .skipped .box{stroke-dasharray:1 3;stroke-linecap:round}
.chart .done .sign,.chart .reached .sign{stroke:var(--good)}
.chart .failed .box,.chart .left .box{stroke:var(--bad);stroke-width:2.5}
.chart .failed .sign,.chart .left .sign{stroke:var(--bad)}
.chart .failed .note,.chart .left .note{fill:var(--bad)}
.chart .reported .sign,.chart .discarded .sign,.chart .owed .sign{stroke:var(--odd)}
.chart .reported .box,.chart .discarded .box,.chart .owed .box{stroke:var(--odd);stroke-width:2}
.chart .pointer{display:none;fill:var(--here)}
.chart .here .pointer{display:inline}
.chart .here .box{fill:var(--here-ground);stroke:var(--here);stroke-width:3;stroke-dasharray:none}
.chart .no-return path{stroke:var(--odd);stroke-width:1.5;stroke-dasharray:9 5;fill:none}
.chart .no-return text{font-size:10.5px;fill:var(--odd)}
`.trim();
