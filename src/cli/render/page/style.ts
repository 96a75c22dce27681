/** How a page looks: light, dark, on a phone, in print. Colours repeat what signs, lines and words say. */
import { CHART_STYLE } from '../chart/style.ts';

export const PAGE_STYLE = `
:root{--ink:#16202b;--soft:#566370;--line:#d5dce3;--ground:#fff;--card:#f6f8fa;--good:#12703a;--bad:#b3261e;--odd:#8a5a00;--here:#0b5cad;--here-ground:#e3effb;--bad-ground:#fdf0ef;--code:#eef2f6;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#9aa8b5;--line:#33404c;--ground:#12181f;--card:#1a222b;--good:#6fd195;--bad:#ff9d94;--odd:#f0c060;--here:#7db8f5;--here-ground:#16324f;--bad-ground:#3a1d1d;--code:#222c37}}
*{box-sizing:border-box}
html{scroll-padding-top:5.5rem}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI","Liberation Sans","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
code,pre,.mono,.seq,.at{font-family:ui-monospace,"DejaVu Sans Mono","Liberation Mono",Menlo,Consolas,monospace;font-size:.875em}
code{background:var(--code);padding:.1em .35em;border-radius:4px}
a{color:var(--here)}
:focus-visible{outline:3px solid var(--here);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-999rem;top:.5rem;background:var(--ground);padding:.5rem 1rem;z-index:9}
.skip:focus{left:.5rem}
header,main,footer{max-width:84rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:1.75rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .35rem;font-weight:650;letter-spacing:-.01em}
h1 .id{color:var(--soft);font-weight:400;margin-right:.35rem}
h2{font-size:1.1rem;margin:0 0 .75rem;font-weight:650}
h3{font-size:.8rem;margin:1.1rem 0 .35rem;font-weight:600;color:var(--soft)}
.outcome{display:inline-flex;align-items:center;gap:.5rem;font-weight:650;padding:.2rem .75rem .2rem .6rem;border:2px solid currentColor;border-radius:2rem;font-size:1rem;letter-spacing:0;vertical-align:.2em}
.outcome.completed{color:var(--good)}.outcome.rolled-back{color:var(--bad)}.outcome.unfinished{color:var(--odd);border-style:dashed}
.sign{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;flex:none;width:14px;height:14px;display:inline-block}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.85rem 1.75rem;margin:1.25rem 0 0;padding:1.1rem 0;border-block:1px solid var(--line)}
.facts div{min-width:0}.facts .wide{grid-column:span 2}
dt{color:var(--soft);font-size:.8rem;font-weight:600}
dd{margin:0}
.failures>.sign{color:var(--bad)}
.story{margin:.9rem 0;padding:0;list-style:none;max-width:62rem}
.story li{padding:0 0 .6rem 1.6rem;position:relative;border-left:2px solid var(--line);margin-left:.45rem}
.story li::before{content:"";position:absolute;left:-7px;top:.5rem;width:8px;height:8px;border:2px solid var(--soft);border-radius:50%;background:var(--ground)}
.story li.this::before{background:var(--ink);border-color:var(--ink)}
.story li.this{font-weight:600}
.story li:last-child{border-color:transparent}
.story .part{color:var(--soft);font-size:.8rem;font-weight:600;display:block}
.nothing{color:var(--soft)}
.trouble{border:1px solid var(--bad);border-left-width:6px;background:var(--bad-ground);padding:.9rem 1.2rem;border-radius:6px;margin:1.25rem 0}
.trouble h2{margin:0 0 .25rem}
.trouble dl{margin:.35rem 0 0}
.bar{position:sticky;top:0;z-index:5;background:var(--ground);border-bottom:1px solid var(--line);padding:.6rem 0 .55rem;display:grid;grid-template-columns:auto 1fr auto;gap:.1rem .75rem;align-items:center}
.bar input{width:100%;accent-color:var(--here);height:1.75rem;margin:0}
.bar button{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--soft);border-radius:6px;min-width:2.75rem;height:2.5rem;cursor:pointer;display:inline-flex;align-items:center;justify-content:center;padding:0 .7rem}
.bar button:hover:not(:disabled){border-color:var(--here);color:var(--here)}
.bar button:disabled{opacity:.45;cursor:default}
.bar output{grid-column:1/-1;display:flex;gap:.15rem .9rem;flex-wrap:wrap;font-size:.9rem;min-height:1.5em}
.bar .soft{white-space:nowrap}
.soft{color:var(--soft);font-weight:400}
.desk{display:grid;grid-template-columns:fit-content(36rem) minmax(0,1fr);gap:2.5rem;align-items:start;padding-top:1.35rem}
.picture{position:sticky;top:6.5rem;margin:0}
.picture svg{display:block;width:auto;height:auto;max-width:100%;max-height:max(40rem,calc(100vh - 9.5rem))}
.picture .state{cursor:default}
.moving .chart .later .box,.moving .chart .later .inner{stroke:var(--line);stroke-dasharray:2 4;stroke-width:1.25;fill:none}
.moving .chart .later .sign,.moving .chart .later .note{visibility:hidden}
.moving .chart .later .name{fill:var(--soft);font-weight:400}
.moving .chart .open .sign,.moving .chart .open .note{visibility:hidden}
.moving .chart .open:not(.later) .box{stroke-dasharray:none}
.moving .chart .edge.later{stroke:var(--line);stroke-width:1.25;stroke-dasharray:2 4;marker-end:url(#arrow)}
figcaption{font-size:.8rem;color:var(--soft);margin-top:.6rem;width:0;min-width:100%}
section{margin:0 0 2.25rem}
#story{margin:1.25rem 0 .75rem}
.moment{border:1px solid var(--line);border-radius:8px;background:var(--card);padding:1.1rem 1.25rem}
.moment .pair{display:grid;grid-template-columns:7.5rem 1fr;gap:.3rem 1rem;margin:0}
.moment .pair dt{padding-top:.15rem}
.moment .pair dd{min-height:1.5em}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th{overflow-wrap:normal}
th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
thead th{color:var(--soft);font-size:.8rem;font-weight:600}
tbody th{font-weight:600;white-space:nowrap}
#changes td{min-width:6rem}
tr.changed th::after{content:" changed";color:var(--here);font-weight:600;font-size:.75rem;display:block}
tr.changed{box-shadow:inset 3px 0 0 var(--here)}
tr.changed th{padding-left:.6rem}
.variables{columns:20rem;column-gap:2rem;margin:0;padding:0;list-style:none;font-size:.875rem}
.variables li{break-inside:avoid;padding:.05rem 0}
.records,.records ol{list-style:none;margin:0;padding:0}
.records li{display:grid;grid-template-columns:3.4rem 5.2rem 14px minmax(0,1fr);gap:.1rem .6rem;align-items:baseline;padding:.28rem .5rem;border-left:3px solid transparent;border-radius:0 4px 4px 0}
.records .sign{align-self:start;margin-top:.35em}
.records .seq{color:var(--soft);text-align:right;text-decoration-color:var(--line)}
.records .at{color:var(--soft);text-align:right;white-space:nowrap}
.records .took{color:var(--soft);white-space:nowrap;padding-left:.4rem}
.records .took::before{content:"· "}
.records .error>.text,.records .warning>.text{font-weight:600}
.records .error>.sign,.records .error>.text{color:var(--bad)}
.records .warning>.sign{color:var(--odd)}
.records .info>.sign.check{color:var(--good)}
.records .detail{color:var(--soft)}
.records .output,.records dl.error{grid-column:4;margin:.15rem 0 .35rem}
.records .fold,.records .gap{display:block}
.records .fold{padding-block:0}
.records .fold>details>summary{color:var(--soft);font-size:.78rem;line-height:1.3;margin-left:9.95rem}
.records .fold ol{margin:.2rem 0}
.records .gap{border-block:1px dashed var(--soft);padding:.6rem 0;margin:.5rem 0;text-align:center}
.records li[aria-current]{background:var(--here-ground);border-left-color:var(--here)}
summary{cursor:pointer}
.output summary{font-size:.875rem;color:var(--soft)}
dl.error{display:grid;grid-template-columns:3.5rem 1fr;gap:.1rem .75rem;font-size:.9rem}
pre{margin:.35rem 0;padding:.7rem .9rem;background:var(--code);border-radius:6px;overflow:auto;max-height:26rem;white-space:pre-wrap;line-height:1.4;unicode-bidi:plaintext}
.cut{display:block;font-family:system-ui,sans-serif;color:var(--odd);font-weight:600;border-block:1px dashed currentColor;padding:.3rem 0;margin:.4rem 0}
footer{padding-block:1.5rem 3rem;color:var(--soft);font-size:.875rem;border-top:1px solid var(--line);margin-top:1rem}
[hidden]{display:none!important}
.history td .outcome{padding:0 .55rem 0 .4rem;border-width:1px;font-size:.85rem;white-space:nowrap}
@media (max-width:62rem){.desk{grid-template-columns:minmax(0,1fr)}.picture{position:static;overflow-x:auto}.picture svg{max-height:none;width:100%;min-width:35rem;max-width:40rem}}
@media (max-width:40rem){header,main,footer{padding-inline:1rem}h1{font-size:1.4rem}.facts{grid-template-columns:1fr 1fr;gap:.7rem 1rem}.facts .wide{grid-column:1/-1}.bar button span{display:none}
.records li{grid-template-columns:2.6rem 14px minmax(0,1fr)}.records .at{display:none}.records .output,.records dl.error{grid-column:1/-1}.records .fold>details>summary{margin-left:0}.records .fold ol{margin-left:0}.moment{padding:.9rem 1rem}.moment .pair{grid-template-columns:5.5rem 1fr}
table.stack thead{position:absolute;left:-999rem}table.stack tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}table.stack th,table.stack td{display:block;border:0;padding:.05rem 0}table.stack td:not(:empty)::before{content:attr(data-label) " ";color:var(--soft);font-size:.8rem}tr.changed{padding-left:.6rem!important}tr.changed th{padding-left:0!important}tr.changed th::after{display:inline}}
@media (prefers-reduced-motion:no-preference){.chart .box,.records li{transition:fill .12s,background .12s}}
@media print{@page{margin:14mm}:root{--ink:#000;--soft:#333;--line:#999;--ground:#fff;--card:#fff;--good:#000;--bad:#000;--odd:#000;--here:#000;--here-ground:#fff;--bad-ground:#fff;--code:#fff}body{font-size:10pt}
header,main,footer{max-width:none;padding-inline:0}.bar,.skip{display:none!important}.desk{display:block}.picture{position:static;break-inside:avoid;overflow:visible;margin-bottom:6mm}.picture svg{max-height:225mm;min-width:0;width:auto;margin:0 auto}
.moment,.trouble{break-inside:avoid}details::details-content{content-visibility:visible;display:block;block-size:auto}details>summary{list-style:none}.records .fold summary{display:none}pre{max-height:none;border:1px solid #999;padding:2mm}.records li:not(:has(.output)){break-inside:avoid-page}.records li{padding-block:.1rem}.records li[aria-current]{border-color:transparent}a{color:inherit;text-decoration:none}}
${CHART_STYLE}
`.trim();
